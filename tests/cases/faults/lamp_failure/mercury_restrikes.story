A metal-halide lamp that lost its arc in a dip of the supply is cooling, not dead.

lamp mh-1: rated_power 250, technology mh
at 20:00 switch_command on, power 240 W, voltage 230 V
at 21:00 power 0 W, voltage 150 V
at 21:00:30 power 12 W, voltage 229 V
at 21:15 power 240 W
at 21:30 end
