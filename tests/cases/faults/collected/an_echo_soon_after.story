Just emptied, and the second thing its sensor says is an echo: nobody came a second time.

bin bin-1: stand plaza
every 10m
at 08:00 fill_level 62 %
at 09:00 fill_level 3 %
    event collected at 09:10
at 09:20 fill_level 69 %
at 09:30 fill_level 3 %
at 12:00 end
