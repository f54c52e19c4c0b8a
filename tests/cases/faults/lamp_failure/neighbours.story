Two neighbours dark are a dark stretch: the second is major, and the first becomes so.

lamp lamp-1..4: rated_power 70, feeder F1, position 1
at 18:20 switch_command on, voltage 230 V, power 68 W
at 18:30 lamp-1: power 3 W
    raise lamp_failure minor of lamp-1 at 18:35
at 18:40 lamp-3: power 3 W
    raise lamp_failure minor of lamp-3 at 18:45
at 18:50 lamp-2: power 3 W
    raise lamp_failure major of lamp-2 at 18:55
at 19:00 lamp-1: power 68 W
    clear lamp_failure major of lamp-1 at 19:00
at 19:10 end
