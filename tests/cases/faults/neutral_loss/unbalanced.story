A high phase beside one that is only a little low is a bad supply, and its neutral holds.

feeder pillar-1: feeder F1
every 1s
at 20:00 voltage_l1 258 V, voltage_l2 214 V, voltage_l3 229 V
    raise voltage_high at 20:10
at 20:40 end
