Polls that the breaker skips are no attempts: a device probed rarely is judged by the probes it got.

lamp lamp-1: rated_power 70
every 1s
at 12:00 power 1 W
at 12:10 silent
at 12:10:02 every 5m
at 12:10:03 unheard
at 12:15:02 heard
    raise comm_loss at 12:15:02
at 12:30 every 1s, answers
    clear comm_loss at 12:30
at 12:31 end
