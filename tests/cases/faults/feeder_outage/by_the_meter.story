A feeder whose own voltages are gone is out; its lamps are not failed, and it is back after 5 min.

feeder pillar-1: feeder F1
lamp lamp-1..4: feeder F1, rated_power 70, position 1
at 20:00 pillar-1: voltage_l1 230 V, voltage_l2 231 V, voltage_l3 229 V
at 20:00 lamp-1..4: switch_command on, power 68 W, voltage 230 V
at 20:10 pillar-1: voltage_l1 2 V, voltage_l2 0 V, voltage_l3 1 V
at 20:10 lamp-1..4: power 0 W, voltage 0 V
    raise feeder_outage of pillar-1 at 20:10:10
at 20:40 pillar-1: voltage_l1 230 V, voltage_l2 231 V, voltage_l3 229 V
at 20:40 lamp-1..4: power 68 W, voltage 230 V
    clear feeder_outage of pillar-1 at 20:45
at 21:00 end
