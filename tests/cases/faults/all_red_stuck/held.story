A pre-emption, a policeman and an exclusive pedestrian stage may hold every group red.

signal cabinet-1
every 1s
at 12:00 group_1 green, group_2 red, detector_1 on, mode control, preempt off, control_source timebase
at 12:05 group_1 red, preempt on
at 12:10 preempt off, control_source manual
at 12:15 control_source timebase, group_1 green
at 12:16 group_1 red
at 12:17:30 group_2 green
at 12:18 group_2 red
at 12:18:20 unheard
at 12:19:30 heard
    event data_gap at 12:19:30
at 12:20 group_1 green
at 12:21 end
