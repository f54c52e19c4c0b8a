A fuse is changed by day, while the feeder is off.

feeder pillar-1: feeder F1, supply switched
every 10s
at 20:00 voltage_l1 230 V, voltage_l2 230 V, voltage_l3 231 V, contactor_command on
at 22:00 voltage_l2 6 V
    raise phase_loss at 22:00:10
at 05:40+1d contactor_command off
at 09:00+1d voltage_l2 231 V
    clear phase_loss at 33:05
at 12:00+1d end
