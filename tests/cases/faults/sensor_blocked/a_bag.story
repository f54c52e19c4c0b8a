A bag hangs before the sensor: from 30 % to nothing to see at once, and not a hair's movement since.

bin bin-1: dead_band 300, empty_distance 1800, full_distance 400
every 10m
at 08:00 distance 1380 mm, fill_level 30 %
at 09:00 distance 300 mm, fill_level 107 %
    raise bin_overflow at 09:40
    clear bin_overflow at 21:00
    raise sensor_blocked at 21:00
at 23:00 distance 1300 mm, fill_level 36 %
    clear sensor_blocked at 23:00
at 24:00 end
