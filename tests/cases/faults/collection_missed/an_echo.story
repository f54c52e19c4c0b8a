Left out on its round, and once an echo makes it look fuller: that this is over is no collection.

bin bin-1: collection mon,fri 06:30
every 10m
at 02:00 fill_level 72 %
at 09:00 fill_level 108 %
at 09:10 fill_level 72 %
at 12:00 fill_level 82 %
    raise bin_full at 12:40
    raise collection_missed at 18:40
at 20:00 end
