What happened in a hole is not known, so the half hour begins anew after it; the alarm stays.

bin bin-1
every 60s
at 08:00 fill_level 70 %
at 09:00 fill_level 85 %
at 09:20 unheard
at 10:20 heard
    event data_gap at 10:20
    raise bin_full at 10:50
at 11:00 unheard
at 13:00 heard, fill_level bad
    event data_gap at 13:00
at 14:00 fill_level 20 %
    clear bin_full at 14:01
    event collected at 14:01
at 15:00 end
