Polls that fail now and then, more than one in ten.

lamp lamp-1: rated_power 70
at 12:00 power 1 W
at 12:03 silent
at 12:03:20 answers
at 12:05 silent
at 12:05:20 answers
at 12:07 silent
at 12:07:20 answers
    raise comm_degraded at 12:07:20
    clear comm_degraded at 12:18
at 12:30 end
