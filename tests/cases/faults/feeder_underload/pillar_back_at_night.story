The pillar was silent when its lamps were lit; as they have burnt for hours, it need not wait for them.

feeder pillar-1: feeder F1, supply permanent, bus bus-2
lamp lamp-1..8: rated_power 100, feeder F1, phase L1, position 1
every 60s
at 16:00 pillar-1: voltage_l1 230 V, power_l1 12 W
at 16:00 lamp-1..8: switch_command off, power 1 W, voltage 230 V
at 17:00 lamp-2 lamp-5: voltage 0 V, power 0 W
at 17:30 pillar-1: silent
    raise comm_loss major of pillar-1 at 17:32
at 18:30 lamp-1 lamp-3 lamp-4 lamp-6..8: switch_command on, power 98 W
at 18:30 lamp-2 lamp-5: switch_command on
at 21:00 pillar-1: answers, power_l1 600 W
    clear comm_loss major of pillar-1 at 21:00
    raise feeder_underload at 21:10
at 22:00 end
