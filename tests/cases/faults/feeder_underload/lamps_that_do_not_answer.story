Two of eight lamps are silent, and a quarter of the load is lacking, here and there along the street.

feeder pillar-1: feeder F1, supply permanent
lamp lamp-1..8: rated_power 100, feeder F1, phase L1, position 1
every 10s
at 20:00 pillar-1: voltage_l1 230 V, power_l1 820 W
at 20:00 lamp-1..8: switch_command on, power 98 W, voltage 230 V
at 21:00 lamp-2 lamp-5: silent
at 21:00 pillar-1: power_l1 600 W
    raise feeder_underload at 21:10
    suppress comm_loss of lamp-2 at 21:10
    suppress comm_loss minor of lamp-5 at 21:10
at 22:00 pillar-1: power_l1 815 W
    clear feeder_underload at 22:00
    unsuppress comm_loss minor of lamp-2 at 22:00
    unsuppress comm_loss minor of lamp-5 at 22:00
    raise comm_loss of lamp-2 at 22:00:30
    raise comm_loss minor of lamp-5 at 22:00:30
at 22:30 end
