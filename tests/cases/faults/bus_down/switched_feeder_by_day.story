A switched feeder that is off makes no bus down: its silence is meant.

feeder pillar-1: feeder F1, supply switched, bus line-2
lamp lamp-1..3: feeder F1, supply switched, rated_power 70
rule comm_loss: enabled off
at 05:00 pillar-1: contactor_command on, voltage_l1 230 V
at 05:00 lamp-1..3: switch_command on, power 68 W
at 06:00 pillar-1: contactor_command off, voltage_l1 0 V
at 06:00 lamp-1..3: silent
at 08:00 end
