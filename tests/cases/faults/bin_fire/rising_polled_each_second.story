Polled each second, a rise is measured over half a minute and not by its noise.

bin bin-1
every 1s
at 12:00 temperature 44.9 °C
at 12:10 temperature 45.1 °C
at 12:10:01 temperature 44.9 °C
at 12:20 temperature 44 °C +8/min
    raise bin_fire at 12:22:27
at 12:24 temperature 30 °C
    clear bin_fire at 12:29
at 12:30 end
