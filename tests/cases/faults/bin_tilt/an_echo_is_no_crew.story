It lies, and its sensor hears an echo off the lid: that the level falls back is no collection.

bin bin-1
every 1m
at 08:00 tilt 2 °, fill_level 31 %
at 09:00 tilt 80 °
    raise bin_tilt at 09:10
at 09:04 fill_level 81 %
at 09:05 fill_level 31 %
at 10:00 end
