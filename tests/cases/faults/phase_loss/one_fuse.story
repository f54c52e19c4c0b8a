One fuse has gone: a phase is dead, the others are well.

feeder pillar-1: feeder F1
every 1s
at 20:00 voltage_l1 230 V, voltage_l2 231 V, voltage_l3 229 V
at 20:10 voltage_l2 4 V
    raise phase_loss at 20:10:05
at 21:00 voltage_l2 230 V
    clear phase_loss at 21:05
at 21:30 end
