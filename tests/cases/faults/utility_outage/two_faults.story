Two feeders lost ten minutes apart are two faults.

feeder pillar-1: feeder F1
feeder pillar-2: feeder F2
at 20:00 voltage_l1 230 V, voltage_l2 230 V, voltage_l3 230 V
at 20:10 pillar-1: voltage_l1 0 V, voltage_l2 0 V, voltage_l3 0 V
    raise feeder_outage of pillar-1 at 20:10:10
at 20:20 pillar-2: voltage_l1 0 V, voltage_l2 0 V, voltage_l3 0 V
    raise feeder_outage of pillar-2 at 20:20:10
at 20:30 end
