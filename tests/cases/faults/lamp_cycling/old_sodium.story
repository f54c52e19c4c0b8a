An old sodium lamp overheats, goes out, cools down and strikes again, four times within the hour, and burns on.

lamp lamp-1..4: rated_power 150, technology hps, feeder F1
every 30s
at 18:30 switch_command on, power 148 W
at 19:10 lamp-1: power 3 W
at 19:15 lamp-1: power 148 W
at 19:25 lamp-1: power 3 W
at 19:30 lamp-1: power 148 W
at 19:40 lamp-1: power 3 W
at 19:45 lamp-1: power 148 W
at 19:55 lamp-1: power 3 W
at 20:00 lamp-1: power 148 W
    raise lamp_cycling at 20:00:30
    clear lamp_cycling at 21:00
at 22:30 end
