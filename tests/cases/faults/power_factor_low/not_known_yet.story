Nobody knows what a dimmed lamp's power factor should be on its first evening.

lamp lamp-1: rated_power 100
at 18:30 switch_command on, dim_level 40 %, power 41 W, power_factor 0.5
at 20:00 end
