Where nothing tells of the contactor, switched lamps are meant to be live by deep night only.

lamp lamp-1..4: feeder F1, rated_power 70, supply switched
at 12:00 power 0 W, voltage 0 V
at 18:05 power 68 W, voltage 230 V
at 20:00 power 0 W, voltage 0 V
    raise feeder_outage of feeder:F1 at 20:00:20
at 20:10 end
