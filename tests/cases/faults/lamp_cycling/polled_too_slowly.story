At a reading every five minutes nobody knows how often it went out.

lamp lamp-1..4: rated_power 70, feeder F1
every 5m
at 18:30 switch_command on, power 68 W
at 19:10 lamp-1: power 3 W
at 19:15 lamp-1: power 68 W
at 19:25 lamp-1: power 3 W
at 19:30 lamp-1: power 68 W
at 19:40 lamp-1: power 3 W
at 19:45 lamp-1: power 68 W
at 19:55 lamp-1: power 3 W
at 20:00 lamp-1: power 68 W
at 22:30 end
