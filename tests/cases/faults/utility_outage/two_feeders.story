Two feeders lost within a minute are one outage of the utility.

feeder pillar-1: feeder F1
feeder pillar-2: feeder F2
at 20:00 voltage_l1 230 V, voltage_l2 230 V, voltage_l3 230 V
at 20:10 pillar-1: voltage_l1 0 V, voltage_l2 0 V, voltage_l3 0 V
    raise feeder_outage of pillar-1 at 20:10:10
at 20:10:30 pillar-2: voltage_l1 0 V, voltage_l2 0 V, voltage_l3 0 V
    raise feeder_outage of pillar-2 at 20:10:40
    raise utility_outage of utility at 20:10:50
    suppress feeder_outage of pillar-1 at 20:10:50
    suppress feeder_outage of pillar-2 at 20:10:50
at 20:30 voltage_l1 230 V, voltage_l2 230 V, voltage_l3 230 V
    clear utility_outage of utility at 20:35:10
    unsuppress feeder_outage of pillar-1 at 20:35:10
    unsuppress feeder_outage of pillar-2 at 20:35:10
at 20:40 end
