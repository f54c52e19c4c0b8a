Every bin in the sun is hot; one that is twenty degrees above its peers is not.

bin bin-1..4: stand plaza
every 60s
at 12:00 temperature 30 °C
at 13:00 bin-1..3: temperature 41 °C
at 13:00 bin-4: temperature 62 °C
    raise bin_fire of bin-4 at 13:01
at 14:00 bin-4: temperature 40 °C
    clear bin_fire of bin-4 at 14:05
at 14:30 temperature 30 °C +0.5/min
at 15:40 temperature 64 °C
at 18:00 end
