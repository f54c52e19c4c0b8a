A lamp on for a test of fifteen minutes is none.

lamp lamp-1: rated_power 70
every 60s
at 11:00 switch_command off, power 1 W
at 12:00 power 68 W
at 12:15 power 1 W
at 13:00 end
