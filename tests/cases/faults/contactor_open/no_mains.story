Nothing flows without voltage, and that is the mains' doing.

feeder pillar-1: feeder F1, supply switched
lamp lamp-1..8: rated_power 100, feeder F1, phase L1, position 1, supply switched
every 10s
at 17:00 pillar-1: voltage_l1 230 V, power_l1 3 W, contactor_command off
at 17:00 lamp-1..8: unheard
at 18:00 pillar-1: contactor_command on, power_l1 780 W
at 18:30 pillar-1: voltage_l1 0 V, power_l1 0 W
    raise feeder_outage at 18:30:10
at 19:30 end
