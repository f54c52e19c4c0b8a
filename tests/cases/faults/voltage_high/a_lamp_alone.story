Only the lamp has a high voltage: its own alarm.

feeder pillar-1: feeder F1
lamp lamp-1: feeder F1, phase L1
every 10s
at 20:00 pillar-1: voltage_l1 231 V
at 20:00 lamp-1: voltage 262 V
    raise voltage_high of lamp-1 at 20:10
at 21:00 lamp-1: voltage 239 V
    clear voltage_high of lamp-1 at 21:01
at 21:30 end
