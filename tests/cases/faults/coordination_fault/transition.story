A controller that changes its plan is out of step for some seconds.

signal cabinet-1
every 1s
at 12:00 coordination_fault off
at 12:10 coordination_fault on
at 12:10:25 coordination_fault off
at 12:20 end
