A feeder's voltage is too high on one phase; its lamps feel the same and say nothing of it.

feeder pillar-1: feeder F1
lamp lamp-1: feeder F1, phase L1
every 10s
at 20:00 pillar-1: voltage_l1 231 V, voltage_l2 230 V, voltage_l3 229 V
at 20:00 lamp-1: voltage 230 V
at 20:10 pillar-1: voltage_l1 256 V
at 20:10 lamp-1: voltage 255 V
    raise voltage_high at 20:20
at 21:00 pillar-1: voltage_l1 240 V
at 21:00 lamp-1: voltage 239 V
    clear voltage_high at 21:01
at 21:30 end
