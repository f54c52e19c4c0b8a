Dusk and dawn, a few minutes early or late.

lamp lamp-1: rated_power 70, control photocell
every 5m
at 12:00 power 1 W
at 18:15 power 68 W
at 29:50 power 1 W
at 42:15 power 68 W
at 53:50 power 1 W
at 66:15 power 68 W
at 77:50 power 1 W
at 90:15 power 68 W
at 101:50 power 1 W
at 114:15 power 68 W
at 125:50 power 1 W
at 140:00 end
