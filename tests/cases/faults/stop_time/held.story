Stop time for more than five minutes.

signal cabinet-1
every 1s
at 12:00 stop_time off
at 12:10 stop_time on
    raise stop_time at 12:15
at 12:20 stop_time off
    clear stop_time at 12:20
at 12:30 end
