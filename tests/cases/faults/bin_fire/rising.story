A bin that warms by eight degrees a minute burns before it is hot.

bin bin-1
every 10s
at 12:00 temperature 30 °C
at 13:00 temperature 30 °C +8/min
    raise bin_fire at 13:04
at 13:10 temperature 100 °C
at 13:30 end
