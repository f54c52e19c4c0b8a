A recloser that tries three times makes one outage, not three.

feeder pillar-1: feeder F1
every 1s
at 20:00 voltage_l1 230 V, voltage_l2 231 V, voltage_l3 229 V
at 20:10 voltage_l1 0 V, voltage_l2 0 V, voltage_l3 0 V
    raise feeder_outage at 20:10:05
at 20:10:30 voltage_l1 230 V, voltage_l2 231 V, voltage_l3 229 V
at 20:11 voltage_l1 0 V, voltage_l2 0 V, voltage_l3 0 V
at 20:12 voltage_l1 230 V, voltage_l2 231 V, voltage_l3 229 V
    clear feeder_outage at 20:17
at 20:20 end
