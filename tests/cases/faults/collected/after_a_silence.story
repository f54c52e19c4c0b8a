Hardly filled when it fell silent, a third full when it is heard again, and emptied soon after.

bin bin-1: stand plaza
every 5m
at 02:00 fill_level 3 %
at 04:00 unheard
at 10:00 heard, fill_level 29 %
    event data_gap at 10:00
at 10:15 fill_level 2 %
    event collected at 10:20
at 12:00 end
