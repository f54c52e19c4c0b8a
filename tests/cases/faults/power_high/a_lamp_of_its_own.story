A lamp that always drew 118 W has shown that this is its power; at 145 W something has changed.

lamp lamp-1: rated_power 100
every 60s
at 18:30 switch_command on, dim_level 100 %, voltage 230 V, power 118 W
at 23:00 power 128 W
at 23:30 power 145 W
    raise power_high at 23:45
at 24:30 power 118 W
    clear power_high at 24:30
at 25:00 end
