Out of step for half a minute; that a junction is coordinated, or free, is none.

signal cabinet-1
every 1s
at 12:00 coordination_fault off, coordination_failed off, coordinated on, local_free off
at 12:05 coordinated off, local_free on
at 12:10 coordination_fault on
    raise coordination_fault minor at 12:10:30
at 12:20 coordination_fault off
    clear coordination_fault minor at 12:20
at 12:25 coordination_failed on
    raise coordination_fault major at 12:25:30
at 12:30 coordination_failed off
    clear coordination_fault major at 12:30
at 12:40 end
