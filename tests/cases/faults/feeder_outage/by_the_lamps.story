Without a meter the lamps tell: four of five that answer have no voltage.

lamp lamp-1..6: feeder F1, rated_power 70
at 20:00 switch_command on, power 68 W, voltage 230 V
at 20:10 lamp-6: silent
    raise comm_loss warning of lamp-6 at 20:10:20
at 20:15 lamp-1..4: power 0 W, voltage 3 V
    raise feeder_outage of feeder:F1 at 20:15:20
at 20:30 lamp-1..4: power 68 W, voltage 230 V
    clear feeder_outage of feeder:F1 at 20:35:10
at 20:40 lamp-6: answers
    clear comm_loss warning of lamp-6 at 20:40
at 20:50 end
