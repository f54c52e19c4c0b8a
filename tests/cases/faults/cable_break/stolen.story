Three lamps at the end fall silent and the feeder lacks what they drew: one alarm, between the fifth and the sixth.

feeder pillar-1: feeder F1, supply permanent
lamp lamp-1..8: rated_power 100, feeder F1, phase L1, position 1
every 10s
at 20:00 pillar-1: voltage_l1 230 V, power_l1 820 W
at 20:00 lamp-1..8: switch_command on, power 98 W, voltage 230 V
at 21:00 lamp-6..8: silent
at 21:00 pillar-1: power_l1 515 W
    raise cable_break of pillar-1 at 21:10:10
    suppress comm_loss of lamp-6 at 21:10:10
    suppress comm_loss minor of lamp-7 at 21:10:10
    suppress comm_loss minor of lamp-8 at 21:10:10
at 23:00 lamp-6..8: answers
at 23:00 pillar-1: power_l1 820 W
    clear cable_break of pillar-1 at 23:00:10
    unsuppress comm_loss minor of lamp-6 at 23:00:10
    unsuppress comm_loss minor of lamp-7 at 23:00:10
    unsuppress comm_loss minor of lamp-8 at 23:00:10
at 23:30 end
