Full before the round on Friday morning, and nobody came by evening.

bin bin-1: collection mon,fri 06:30
every 10m
at 02:00 fill_level 82 %
    raise bin_full at 02:50
    raise collection_missed at 18:40
at 20:00 fill_level 4 %
    clear bin_full at 20:10
    clear collection_missed at 20:10
    event collected at 20:10
at 21:00 end
