Readings stay away for ten minutes: told once, when they are back.

lamp lamp-1: rated_power 70
at 12:00 power 1 W
at 12:10 unheard
at 12:20 heard
    event data_gap at 12:20
at 12:30 end
