The monitor's output goes, and comes back with its reset.

signal cabinet-1
every 1s
at 12:00 conflict_monitor_ok true, mode control
at 12:10 conflict_monitor_ok false
    raise conflict_monitor_fault at 12:10:01
at 12:20 conflict_monitor_ok bad
    raise bad_data at 12:20:02
at 12:30 conflict_monitor_ok true
    clear conflict_monitor_fault at 12:30
    clear bad_data at 12:31
at 12:40 end
