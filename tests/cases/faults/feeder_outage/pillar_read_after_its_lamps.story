The pillar's own reading counts even where its lamps were read a moment before.

lamp lamp-1..4: feeder F1, rated_power 70
feeder pillar-1: feeder F1
at 20:00 pillar-1: voltage_l1 230 V
at 20:00 lamp-1..4: power 68 W
at 20:10 pillar-1: voltage_l1 0 V
    raise feeder_outage of pillar-1 at 20:10:10
at 20:20 end
