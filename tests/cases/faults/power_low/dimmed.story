A dimmed lamp draws less, and may be off its plate by a third before it is known.

lamp lamp-1: rated_power 100
at 18:30 switch_command on, dim_level 100 %, voltage 230 V, power 98 W
at 22:00 dim_level 50 %, power 38 W
at 22:30 power 30 W
    raise power_low at 22:45
at 23:00 dim_level 100 %, power 98 W
    clear power_low at 23:00
at 23:30 end
