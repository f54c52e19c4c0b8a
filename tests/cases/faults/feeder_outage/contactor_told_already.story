The contactor is known to be open when the pillar falls silent: its lamps without voltage are no outage.

feeder pillar-1: feeder F1, supply permanent, bus bus-2
lamp lamp-1..8: rated_power 100, feeder F1, phase L1, position 1
every 10s
at 20:00 pillar-1: voltage_l1 230 V, power_l1 820 W, contactor_command on
at 20:00 lamp-1..8: switch_command on, power 98 W, voltage 230 V
at 21:00 pillar-1: power_l1 6 W
at 21:00 lamp-1..8: power 0 W, voltage 0 V
    raise contactor_open at 21:01:10
at 22:00 pillar-1: silent
    raise comm_loss major of pillar-1 at 22:00:20
at 22:30 end
