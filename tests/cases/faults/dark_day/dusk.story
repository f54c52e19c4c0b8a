It gets dark in the evening, too, and nobody is told.

lamp lamp-1: rated_power 70, control photocell
every 60s
at 17:00 power 1 W, illuminance 20000 lx, switch_command off
at 18:10 power 68 W, illuminance 20 lx, switch_command on
at 20:00 end
