A switched feeder has no voltage by day, and that is how it should be.

feeder pillar-1: feeder F1, supply switched
lamp lamp-1..4: feeder F1, rated_power 70, supply switched
rule comm_loss: enabled off
at 05:00 pillar-1: contactor_command on, voltage_l1 230 V
at 05:00 lamp-1..4: power 68 W, voltage 230 V
at 06:00 pillar-1: contactor_command off, voltage_l1 0 V
at 06:00 lamp-1..4: power 0 W, voltage 0 V
at 06:10 lamp-1..4: silent
at 12:00 pillar-1: silent
at 12:00 lamp-1..4: answers
at 13:00 end
