Contacts that close by themselves at noon, day after day, are not the photocell: its command stays off.

lamp lamp-1: rated_power 70, control photocell
every 5m
at 12:00 switch_command off, switch_state off, power 1 W
at 14:00 switch_state on, power 68 W
    raise day_burner at 14:20
at 15:00 switch_state off, power 1 W
    clear day_burner at 15:00
at 18:05 switch_command on, switch_state on, power 68 W
at 29:50 switch_command off, switch_state off, power 1 W
at 38:00 switch_state on, power 68 W
    raise day_burner at 38:20
at 39:00 switch_state off, power 1 W
    clear day_burner at 39:00
at 42:05 switch_command on, switch_state on, power 68 W
at 53:50 switch_command off, switch_state off, power 1 W
at 62:00 switch_state on, power 68 W
    raise day_burner at 62:20
at 63:00 switch_state off, power 1 W
    clear day_burner at 63:00
at 66:05 switch_command on, switch_state on, power 68 W
at 77:50 switch_command off, switch_state off, power 1 W
at 86:00 switch_state on, power 68 W
    raise day_burner at 86:20
at 87:00 switch_state off, power 1 W
    clear day_burner at 87:00
at 90:05 switch_command on, switch_state on, power 68 W
at 101:50 switch_command off, switch_state off, power 1 W
at 110:00 switch_state on, power 68 W
    raise day_burner at 110:20
at 111:00 switch_state off, power 1 W
    clear day_burner at 111:00
at 114:05 switch_command on, switch_state on, power 68 W
at 125:50 switch_command off, switch_state off, power 1 W
at 125:00 end
