Two lamps have failed and say so: the feeder carries what is left, and that is all there is to tell.

feeder pillar-1: feeder F1, supply permanent
lamp lamp-1..8: rated_power 100, feeder F1, phase L1, position 1
every 10s
at 20:00 pillar-1: voltage_l1 230 V, power_l1 820 W
at 20:00 lamp-1..8: switch_command on, power 98 W, voltage 230 V
at 21:00 lamp-2 lamp-5: power 0 W
at 21:00 pillar-1: power_l1 610 W
    raise lamp_failure of lamp-2 at 21:05
    raise lamp_failure of lamp-5 at 21:05
at 22:00 end
