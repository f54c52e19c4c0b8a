Somebody has tapped the feeder for a market stall.

feeder pillar-1: feeder F1, supply permanent
lamp lamp-1..8: rated_power 100, feeder F1, phase L1, position 1
every 10s
at 20:00 pillar-1: voltage_l1 230 V, power_l1 820 W
at 20:00 lamp-1..8: switch_command on, power 98 W, voltage 230 V
at 21:00 pillar-1: power_l1 1400 W
    raise feeder_overload at 21:30
at 23:00 pillar-1: power_l1 860 W
    clear feeder_overload at 23:00
at 23:30 end
