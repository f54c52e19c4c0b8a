Seventy-five degrees, seen twice, are a fire.

bin bin-1
every 60s
at 12:00 temperature 30 °C
at 13:00 temperature 80 °C
    raise bin_fire at 13:01
at 13:30 temperature 50 °C
at 14:00 temperature 40 °C
    clear bin_fire at 14:05
at 15:00 end
