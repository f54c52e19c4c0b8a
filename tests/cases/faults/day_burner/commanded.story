A lamp that somebody switched on by day, to look at it, is no day burner.

lamp lamp-1: rated_power 70
every 60s
at 11:00 switch_command off, power 1 W
at 12:00 switch_command on, power 68 W
at 13:00 switch_command off, power 1 W
at 14:00 end
