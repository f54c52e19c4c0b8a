A lamp draws too little for nine nights, and is told of at once: that is no second alarm.

lamp lamp-1: rated_power 100
every 10m
at 12:00 switch_command off, power 1 W
at 18:00 switch_command on, power 98 W
at 30:00 switch_command off, power 1 W
at 42:00 switch_command on, power 70 W
    raise power_low at 42:30
at 54:00 switch_command off, power 1 W
at 66:00 switch_command on, power 70 W
at 78:00 switch_command off, power 1 W
at 90:00 switch_command on, power 70 W
at 102:00 switch_command off, power 1 W
at 114:00 switch_command on, power 70 W
at 126:00 switch_command off, power 1 W
at 138:00 switch_command on, power 70 W
at 150:00 switch_command off, power 1 W
at 162:00 switch_command on, power 70 W
at 174:00 switch_command off, power 1 W
at 186:00 switch_command on, power 70 W
at 198:00 switch_command off, power 1 W
at 210:00 switch_command on, power 70 W
at 222:00 switch_command off, power 1 W
at 234:00 switch_command on, power 70 W
at 246:00 switch_command off, power 1 W
at 250:00 end
