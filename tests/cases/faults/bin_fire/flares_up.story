What smoulders and flares up again is one fire, over when it was cool for five minutes.

bin bin-1
every 10s
at 12:00 temperature 30 °C
at 13:00 temperature 80 °C
    raise bin_fire at 13:00:10
at 13:01 temperature 40 °C
at 13:04 temperature 80 °C
at 13:05 temperature 40 °C
    clear bin_fire at 13:10
at 13:15 end
