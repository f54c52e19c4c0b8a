A switched feeder that is off takes its lamps' voices, and gives them five minutes to come back.

feeder pillar-1: feeder F1, supply switched
lamp lamp-1..2: feeder F1, supply switched, rated_power 70
at 05:00 pillar-1: contactor_command on, voltage_l1 230 V
at 05:00 lamp-1..2: switch_command on, power 68 W
at 06:00 pillar-1: contactor_command off, voltage_l1 230 V
at 06:00 lamp-1..2: silent
at 18:00 pillar-1: contactor_command on, voltage_l1 230 V
at 18:04 lamp-1: answers, power 68 W
    raise comm_loss of lamp-2 at 18:05:10
at 18:10 lamp-2: answers, power 68 W
    clear comm_loss of lamp-2 at 18:10
at 18:20 end
