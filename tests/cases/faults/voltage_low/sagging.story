A lamp far out on its cable gets too little, though its pillar is well.

feeder pillar-1: feeder F1
lamp lamp-1: feeder F1, phase L2
every 10s
at 20:00 pillar-1: voltage_l2 231 V
at 20:00 lamp-1: voltage 228 V
at 20:10 lamp-1: voltage 200 V
    raise voltage_low of lamp-1 at 20:20
at 21:00 lamp-1: voltage 225 V
    clear voltage_low of lamp-1 at 21:01
at 21:30 end
