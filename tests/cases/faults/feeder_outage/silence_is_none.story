Lamps that fall silent say nothing about their feeder, and two dark ones are too few.

lamp lamp-1..5: feeder F1, rated_power 70
rule comm_loss: enabled off
at 20:00 switch_command on, power 68 W, voltage 230 V
at 20:10 silent
    raise bus_down of bus:bus-1 at 20:10:40
at 20:20 answers
    clear bus_down of bus:bus-1 at 20:20
at 20:30 lamp-1..3: silent
at 20:30 lamp-4 lamp-5: power 0 W, voltage 0 V
at 20:40 end
