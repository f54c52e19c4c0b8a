At noon the pillar's command cannot be read any more: its own reading says nothing about its lamps.

feeder pillar-1: feeder F1
lamp lamp-1..3: rated_power 100, feeder F1, phase L1
every 10s
at 12:00 pillar-1: power 3 W, contactor_command off
at 12:00 lamp-1..3: power 1 W
at 12:10 pillar-1: contactor_command bad
    raise bad_data of pillar-1 at 12:10:20
at 12:30 end
