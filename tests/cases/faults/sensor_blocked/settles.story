Somebody fills it with one sack, which settles: what moves by a centimetre is no blocked sensor.

bin bin-1: dead_band 300, empty_distance 1800, full_distance 400
every 10m
at 08:00 distance 1380 mm, fill_level 30 %
at 09:00 distance 260 mm, fill_level 110 %
    raise bin_overflow at 09:40
at 15:00 distance 272 mm, fill_level 109 %
at 22:30 end
