A dip of three seconds, one glitch of the meter, and a phase alone are no outage.

feeder pillar-1: feeder F1
lamp lamp-1..4: feeder F1, rated_power 70
every 1s
at 20:00 pillar-1: voltage_l1 230 V, voltage_l2 231 V, voltage_l3 229 V
at 20:00 lamp-1..4: switch_command on, power 68 W, voltage 230 V
at 20:10 pillar-1: voltage_l1 0 V, voltage_l2 0 V, voltage_l3 0 V
at 20:10:03 pillar-1: voltage_l1 230 V, voltage_l2 231 V, voltage_l3 229 V
at 20:20 pillar-1: voltage_l2 0 V
    raise phase_loss at 20:20:05
at 20:30 pillar-1: voltage_l2 bad, voltage_l1 0 V, voltage_l3 0 V
    suppress bad_data at 20:30:02
at 20:31 pillar-1: voltage_l1 230 V, voltage_l2 230 V, voltage_l3 230 V
    clear phase_loss at 20:36
    unsuppress bad_data at 20:36
at 20:40 end
