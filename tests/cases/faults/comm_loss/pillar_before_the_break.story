A cable that is broken far down the street does not silence the pillar: that is a loss of its own.

feeder pillar-1: feeder F1, supply permanent, bus bus-2
lamp lamp-1..8: rated_power 100, feeder F1, phase L1, position 1
every 10s
at 20:00 pillar-1: voltage_l1 230 V, power_l1 820 W
at 20:00 lamp-1..8: switch_command on, power 98 W, voltage 230 V
at 21:00 pillar-1: power_l1 515 W
at 21:00 lamp-6..8: voltage 0 V, power 0 W
    raise cable_break of pillar-1 at 21:10:10
at 22:00 pillar-1: silent
    raise comm_loss major of pillar-1 at 22:00:20
at 22:30 end
