A lamp fault of a group that is dark while the junction works is a red's, and so is a serious one.

signal cabinet-1
every 1s
at 12:00 lamp_fault_1 off, lamp_fault_2 off, group_1 green, group_2 red, mode control, alarm_lamp_serious off
at 12:10 lamp_fault_1 on, alarm_lamp_serious on
    raise lamp_fault major at 12:10:10
at 12:20 lamp_fault_1 off, alarm_lamp_serious off
    clear lamp_fault major at 12:20
at 12:30 lamp_fault_2 on
    raise lamp_fault minor at 12:30:10
at 12:31 group_2 dark
    raise signal_dark at 12:31:02
at 12:32 lamp_fault_2 off, group_2 red
    clear lamp_fault major at 12:32
    clear signal_dark at 12:37
at 12:40 end
