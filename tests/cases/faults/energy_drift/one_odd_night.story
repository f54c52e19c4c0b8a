One night at half its power in a week is no drift.

lamp lamp-1: rated_power 100
every 10m
at 12:00 switch_command off, power 1 W
at 18:00 switch_command on, power 98 W
at 30:00 switch_command off, power 1 W
at 42:00 switch_command on, power 98 W
at 54:00 switch_command off, power 1 W
at 66:00 switch_command on, power 98 W
at 78:00 switch_command off, power 1 W
at 90:00 switch_command on, power 82 W
at 102:00 switch_command off, power 1 W
at 114:00 switch_command on, power 98 W
at 126:00 switch_command off, power 1 W
at 138:00 switch_command on, power 98 W
at 150:00 switch_command off, power 1 W
at 162:00 switch_command on, power 98 W
at 174:00 switch_command off, power 1 W
at 186:00 switch_command on, power 98 W
at 198:00 switch_command off, power 1 W
at 205:00 end
