A sodium lamp that takes eight minutes to warm up is given them; one that never does is told after.

lamp hps-1: rated_power 150, technology hps
lamp hps-2: rated_power 150, technology hps
at 18:00 switch_command off, power 1 W, voltage 230 V
at 18:10 switch_command on, power 15 W
at 18:17 hps-1: power 150 W
    raise lamp_failure of hps-2 at 18:23
at 18:40 end
