The lamp monitor's bit for ten seconds.

signal cabinet-1
every 1s
at 12:00 lamp_fault_1 off, lamp_fault_2 off, group_1 green, group_2 red, mode control
at 12:10 lamp_fault_1 on
    raise lamp_fault minor at 12:10:10
at 12:20 lamp_fault_1 bad
    raise bad_data at 12:20:02
at 12:30 lamp_fault_1 off
    clear lamp_fault minor at 12:30
    clear bad_data at 12:31
at 12:40 end
