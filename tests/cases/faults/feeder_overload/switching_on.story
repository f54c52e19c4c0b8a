Eighty minutes into the night everything is switched on at once, warms up, and is judged after that.

feeder pillar-1: feeder F1
lamp lamp-1..8: rated_power 100, feeder F1, phase L1, position 1
every 10s
at 20:00 pillar-1: voltage_l1 230 V, power_l1 10 W
at 20:00 lamp-1..8: switch_command off, power 1 W, voltage 230 V
at 21:00 lamp-1..8: switch_command on, power 98 W
at 21:00 pillar-1: power_l1 1100 W
at 21:20 pillar-1: power_l1 830 W
at 22:30 end
