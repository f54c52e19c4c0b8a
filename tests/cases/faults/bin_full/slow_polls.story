A bin that reports once an hour is full after three readings, the first of which may be an echo.

bin bin-1
every 60m
at 06:00 fill_level 70 %
at 09:00 fill_level 85 %
    raise bin_full at 11:00
at 14:00 fill_level 10 %
    clear bin_full at 15:00
    event collected at 15:00
at 18:00 end
