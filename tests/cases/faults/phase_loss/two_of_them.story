Two phases below the mark are something else, and one that sags to three quarters too.

feeder pillar-1: feeder F1
every 1s
at 20:00 voltage_l1 230 V, voltage_l2 231 V, voltage_l3 229 V
at 20:10 voltage_l2 4 V, voltage_l3 190 V
at 20:11 voltage_l2 230 V, voltage_l3 229 V
at 20:20 voltage_l2 172 V
at 20:25 voltage_l2 230 V
at 21:00 end
