Sodium takes minutes to come to its power.

lamp lamp-1: rated_power 150, technology hps
at 18:30 switch_command on, dim_level 100 %, voltage 230 V, power 60 W
at 18:37 power 148 W
at 19:00 end
