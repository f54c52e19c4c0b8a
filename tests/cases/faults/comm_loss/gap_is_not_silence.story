A hole in the data is not silence, and attempts before it do not count after it.

lamp lamp-1: rated_power 70
at 12:00 power 1 W
at 12:10 silent
at 12:10:20 unheard
at 13:00 heard
at 13:00:20 answers
at 13:10 unheard
at 15:00 heard
    event data_gap at 15:00
at 15:10 end
