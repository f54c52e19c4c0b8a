A dimmed lamp whose power factor has fallen for good: what it has become is not what it should be.

lamp lamp-1: rated_power 70
every 5m
at 12:00 switch_command off, power 1 W, power_factor 0.4
at 18:00 switch_command on, dim_level 60, power 42 W, power_factor 0.91
at 30:00 switch_command off, power 1 W, power_factor 0.4
at 42:00 switch_command on, dim_level 60, power 42 W, power_factor 0.91
at 54:00 switch_command off, power 1 W, power_factor 0.4
at 66:00 switch_command on, dim_level 60, power 42 W, power_factor 0.91
at 78:00 switch_command off, power 1 W, power_factor 0.4
at 90:00 switch_command on, dim_level 60, power 42 W, power_factor 0.91
at 102:00 switch_command off, power 1 W, power_factor 0.4
at 114:00 switch_command on, dim_level 60, power 42 W, power_factor 0.70
    raise power_factor_low at 114:20
at 126:00 switch_command off, power 1 W, power_factor 0.4
at 138:00 switch_command on, dim_level 60, power 42 W, power_factor 0.70
at 150:00 switch_command off, power 1 W, power_factor 0.4
at 162:00 switch_command on, dim_level 60, power 42 W, power_factor 0.70
at 174:00 switch_command off, power 1 W, power_factor 0.4
at 186:00 switch_command on, dim_level 60, power 42 W, power_factor 0.70
at 198:00 switch_command off, power 1 W, power_factor 0.4
at 210:00 switch_command on, dim_level 60, power 42 W, power_factor 0.70
at 222:00 switch_command off, power 1 W, power_factor 0.4
at 234:00 switch_command on, dim_level 60, power 42 W, power_factor 0.70
at 246:00 switch_command off, power 1 W, power_factor 0.4
at 258:00 switch_command on, dim_level 60, power 42 W, power_factor 0.70
at 270:00 switch_command off, power 1 W, power_factor 0.4
at 282:00 switch_command on, dim_level 60, power 42 W, power_factor 0.70
at 294:00 switch_command off, power 1 W, power_factor 0.4
at 306:00 switch_command on, dim_level 60, power 42 W, power_factor 0.70
at 318:00 switch_command off, power 1 W, power_factor 0.4
at 330:00 switch_command on, dim_level 60, power 42 W, power_factor 0.70
at 342:00 switch_command off, power 1 W, power_factor 0.4
at 348:00 end
