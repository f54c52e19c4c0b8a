A technician stops the time for a moment, and again.

signal cabinet-1
every 1s
at 12:00 stop_time off
at 12:10 stop_time on
at 12:14 stop_time off
at 12:14:30 stop_time on
at 12:18 stop_time off
at 12:30 end
