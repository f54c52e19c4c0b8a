One reading of a slowly polled meter stays one reading, however often its lamps are read after it.

feeder pillar-1: feeder F1
lamp lamp-1..4: feeder F1, rated_power 70
every 1s, voltage_l1 every 60s, voltage_l2 every 60s, voltage_l3 every 60s
at 20:00 pillar-1: voltage_l1 230 V, voltage_l2 231 V, voltage_l3 229 V
at 20:00 lamp-1..4: switch_command on, power 68 W, voltage 230 V
at 20:10 pillar-1: voltage_l1 0 V, voltage_l2 0 V, voltage_l3 0 V
at 20:10:30 pillar-1: voltage_l1 230 V, voltage_l2 231 V, voltage_l3 229 V
at 20:20 end
