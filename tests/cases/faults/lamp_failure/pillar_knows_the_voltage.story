A lamp that cannot measure its voltage is judged by its phase at the pillar.

feeder pillar-1: feeder F1
lamp lamp-1: rated_power 70, feeder F1, phase L2
at 18:25 lamp-1: switch_command on, power 68 W
at 18:25 pillar-1: voltage_l1 230 V, voltage_l2 231 V, voltage_l3 229 V
at 18:30 pillar-1: voltage_l2 20 V
at 18:30 lamp-1: power 0 W
    raise phase_loss at 18:30:10
at 18:50 end
