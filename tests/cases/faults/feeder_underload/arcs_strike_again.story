A dip of less than a second, which nobody saw, put eight metal halide arcs out: they cool and strike again.

feeder pillar-1: feeder F1, supply permanent
lamp lamp-1..8: rated_power 250, technology mh, feeder F1, phase L1, position 1
every 60s
at 20:00 pillar-1: voltage_l1 230 V, power_l1 2060 W
at 20:00 lamp-1..8: switch_command on, power 250 W, voltage 230 V
at 21:00 pillar-1: power_l1 70 W
at 21:00 lamp-1..8: power 8 W
at 21:13 pillar-1: power_l1 1000 W
at 21:13 lamp-1..8: power 120 W
at 21:18 pillar-1: power_l1 2060 W
at 21:18 lamp-1..8: power 250 W
at 23:00 end
