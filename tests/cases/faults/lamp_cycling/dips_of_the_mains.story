The whole feeder flickers in a storm: no lamp's fault.

lamp lamp-1..4: rated_power 70, feeder F1
every 30s
at 18:30 switch_command on, power 68 W
at 19:10 power 3 W
at 19:15 power 68 W
at 19:25 power 3 W
at 19:30 power 68 W
at 19:40 power 3 W
at 19:45 power 68 W
at 19:55 power 3 W
at 20:00 power 68 W
at 22:30 end
