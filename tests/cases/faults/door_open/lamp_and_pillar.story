A lamp's door is a warning at any hour, a pillar's is not at night.

lamp lamp-1: rated_power 70
feeder pillar-1: feeder F1
at 22:00 door_open off
at 23:00 door_open on
    raise door_open warning of lamp-1 at 23:01
    raise door_open major of pillar-1 at 23:01
at 23:30 door_open off
    clear door_open warning of lamp-1 at 23:30
    clear door_open major of pillar-1 at 23:30
at 23:40 end
