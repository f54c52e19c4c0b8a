While a controller starts or is under test the monitor does not vouch for it, rightly; one odd reading is none.

signal cabinet-1
every 1s
at 12:00 conflict_monitor_ok false, mode startup
at 12:00:20 mode control, conflict_monitor_ok true
at 12:10 mode test, conflict_monitor_ok false
at 12:15 mode control, conflict_monitor_ok true
at 12:16 conflict_monitor_ok false
at 12:16:01 conflict_monitor_ok true
at 12:20 end
