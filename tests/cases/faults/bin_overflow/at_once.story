Stuffed within a minute: the more specific alarm comes alone, though both are due.

bin bin-1
every 60s
at 08:00 fill_level 40 %
at 09:00 fill_level 98 %
    raise bin_overflow at 09:31
at 14:00 fill_level 4 %
    clear bin_overflow at 14:01
    event collected at 14:01
at 15:00 end
