While the pillar is silent, nobody can tell by day whether its feeder is on; by night the lamps must answer.

feeder pillar-1: feeder F1, supply switched, bus bus-2
feeder pillar-2: feeder F2, supply permanent, bus bus-2
lamp lamp-1..2: rated_power 100, feeder F1, supply switched
lamp lamp-3: rated_power 100, feeder F2
every 60s
at 12:00 pillar-1 pillar-2: voltage_l1 230 V, contactor_command off
at 12:00 lamp-1..2: power 0 W, silent
at 12:00 lamp-3: power 1 W
at 13:00 pillar-1: silent
    raise comm_loss major of pillar-1 at 13:02
    raise comm_loss of lamp-1 at 18:35
    raise comm_loss minor of lamp-2 at 18:35
at 20:00 end
