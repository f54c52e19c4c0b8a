A lamp that draws a third more than its plate says, until somebody puts the right one in.

lamp lamp-1: rated_power 100
at 18:30 switch_command on, dim_level 100 %, voltage 230 V, power 98 W
at 19:00 power 133 W
    raise power_high at 19:15
at 20:00 power 117 W
at 20:30 power 104 W
    clear power_high at 20:30
at 21:00 end
