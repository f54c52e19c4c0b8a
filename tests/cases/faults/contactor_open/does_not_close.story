At dusk the contactor is told to close; nothing flows, and no lamp wakes up.

feeder pillar-1: feeder F1, supply switched
lamp lamp-1..8: rated_power 100, feeder F1, phase L1, position 1, supply switched
every 10s
at 17:00 pillar-1: voltage_l1 230 V, power_l1 3 W, contactor_command off
at 17:00 lamp-1..8: unheard
at 18:00 pillar-1: contactor_command on
    raise contactor_open at 18:01
at 19:00 pillar-1: power_l1 790 W
    clear contactor_open at 19:00
at 19:30 end
