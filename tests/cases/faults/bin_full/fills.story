A bin is full when it has been at 80 % for half an hour, and collected when it is seen below 75 %.

bin bin-1: stand plaza
every 60s
at 08:00 fill_level 40 %
at 09:00 fill_level 82 %
    raise bin_full at 09:31
at 12:00 fill_level 78 %
at 13:00 fill_level 5 %
    clear bin_full at 13:01
    event collected at 13:01
at 14:00 end
