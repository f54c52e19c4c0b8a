In the morning the contactor is told to open, and the street burns on.

feeder pillar-1: feeder F1, supply switched
lamp lamp-1..8: rated_power 100, feeder F1, phase L1, position 1, supply switched
every 10s
at 04:00 pillar-1: voltage_l1 230 V, power_l1 800 W, contactor_command on
at 04:00 lamp-1..8: unheard
at 05:50 pillar-1: contactor_command off
    raise contactor_welded at 05:55
at 08:00 pillar-1: power_l1 2 W
    clear contactor_welded at 08:00
at 09:00 end
