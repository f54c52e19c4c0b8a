Heaped in steps up to the sensor: that is waste, and it is for the full bin's rules to say so.

bin bin-1: dead_band 300, empty_distance 1800, full_distance 400
every 10m
at 08:00 distance 700 mm, fill_level 78 %
at 09:00 distance 500 mm, fill_level 93 %
    raise bin_full at 09:40
at 10:00 distance 300 mm, fill_level 107 %
    clear bin_full at 10:40
    raise bin_overflow at 10:40
at 22:30 end
