A lamp is dead for two nights and mended: it failed, and has not drifted.

lamp lamp-1: rated_power 100
every 10m
at 12:00 switch_command off, power 1 W
at 18:00 switch_command on, power 98 W
at 30:00 switch_command off, power 1 W
at 42:00 switch_command on, power 98 W
at 54:00 switch_command off, power 1 W
at 66:00 switch_command on, power 98 W
at 78:00 switch_command off, power 1 W
at 90:00 switch_command on, power 3 W
    raise lamp_failure at 90:20
at 102:00 switch_command off, power 1 W
at 114:00 switch_command on, power 3 W
at 126:00 switch_command off, power 1 W
at 138:00 switch_command on, power 98 W
    clear lamp_failure at 138:10
at 150:00 switch_command off, power 1 W
at 162:00 switch_command on, power 98 W
at 174:00 switch_command off, power 1 W
at 186:00 switch_command on, power 98 W
at 198:00 switch_command off, power 1 W
at 210:00 switch_command on, power 98 W
at 222:00 switch_command off, power 1 W
at 234:00 switch_command on, power 98 W
at 246:00 switch_command off, power 1 W
at 250:00 end
