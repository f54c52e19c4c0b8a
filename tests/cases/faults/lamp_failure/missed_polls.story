A poll that fails now and then on a noisy line does not make a dark lamp look alive.

lamp lamp-1: rated_power 70
at 18:20 switch_command on, voltage 230 V, power 68 W
at 18:30 power 3 W
at 18:31 silent
at 18:31:15 answers
at 18:33 silent
at 18:33:15 answers
    raise lamp_failure at 18:35
at 18:40 end
