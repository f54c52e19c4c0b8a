A full bin that goes on filling is one alarm: the overflow takes the place of the full bin.

bin bin-1
every 60s
at 08:00 fill_level 40 %
at 09:00 fill_level 84 %
    raise bin_full at 09:31
at 12:00 fill_level 97 %
    clear bin_full at 12:31
    raise bin_overflow at 12:31
at 14:00 fill_level 4 %
    clear bin_overflow at 14:01
    event collected at 14:01
at 15:00 end
