Between dead and live nothing changes.

feeder pillar-1: feeder F1
at 20:00 voltage_l1 230 V
at 20:10 voltage_l1 170 V
at 20:20 voltage_l1 100 V
    raise feeder_outage at 20:20:10
at 20:30 voltage_l1 170 V
at 20:50 voltage_l1 190 V
    clear feeder_outage at 20:55
at 21:00 end
