Asked once an hour: an echo past the waste is none, and a bin that fills within hours is collected.

bin bin-1: stand plaza
every 1h
at 02:00 fill_level 2 %
at 05:00 fill_level 68 %
at 06:00 fill_level 3 %
at 08:00 fill_level 30 %
at 09:00 fill_level 55 %
at 10:00 fill_level 80 %
at 11:00 fill_level 4 %
    event collected at 12:00
at 14:00 end
