A bin polled every ten minutes shows a fire by a jump that the next reading confirms.

bin bin-1
every 10m
at 10:00 temperature 30 °C
at 12:00 temperature 52 °C
    raise bin_fire at 12:10
at 13:00 temperature 35 °C
    clear bin_fire at 13:10
at 15:00 temperature 55 °C
at 15:10 temperature 35 °C
at 16:00 end
