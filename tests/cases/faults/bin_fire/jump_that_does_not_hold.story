A jump that the next reading takes back is none.

bin bin-1
every 10m
at 10:00 temperature 35 °C
at 11:00 temperature 52 °C
at 11:10 temperature 46 °C
at 12:00 end
