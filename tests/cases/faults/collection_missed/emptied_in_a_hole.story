Nobody heard of it while the crew was there: what was in it before says nothing of the round.

bin bin-1: collection mon,fri 06:30
every 5m
at 02:00 fill_level 40 %
at 04:00 unheard
at 10:00 heard, fill_level 24 %
    event data_gap at 10:00
at 12:00 fill_level 82 %
    raise bin_full at 12:35
at 20:00 end
