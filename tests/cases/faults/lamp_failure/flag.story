The controller's own flag is believed after two readings; by day it says nothing.

lamp lamp-1: rated_power 70
at 18:20 switch_state on, power 68 W, lamp_failure_flag off
at 18:30 lamp_failure_flag on
at 18:30:05 lamp_failure_flag off
at 18:40 lamp_failure_flag on
    raise lamp_failure at 18:40:10
at 06:00 switch_state off, lamp_failure_flag off, power 1 W
at 18:20 switch_state on, power 68 W
    clear lamp_failure at 18:21
at 18:30 end
