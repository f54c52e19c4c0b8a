A meter read once a minute makes one reading a minute, however often the lamps are read meanwhile.

feeder pillar-1: feeder F1
lamp lamp-1..4: feeder F1, rated_power 70
every 1s
at 20:00 pillar-1: voltage_l1 230 V, every 60s
at 20:00 lamp-1..4: switch_command on, power 68 W, voltage 230 V
at 20:10 pillar-1: voltage_l1 0 V
at 20:10:30 pillar-1: voltage_l1 230 V
at 20:20 pillar-1: voltage_l1 0 V
    raise feeder_outage of pillar-1 at 20:21
at 20:25 end
