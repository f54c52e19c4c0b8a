A level that wavers around the threshold begins the half hour again, and once told is not told twice.

bin bin-1
every 60s
at 08:00 fill_level 82 %
at 08:20 fill_level 78 %
at 08:30 fill_level 82 %
    raise bin_full at 09:01
at 09:30 fill_level 77 %
at 10:00 fill_level 83 %
at 11:00 end
