A dimmed driver has a poorer power factor; only far below its own is told of.

lamp lamp-1: rated_power 100
every 60s
at 18:30 switch_command on, dim_level 40 %, power 41 W, power_factor 0.75
at 23:00 power_factor 0.68
at 23:30 power_factor 0.6
    raise power_factor_low at 23:45
at 24:30 power_factor 0.75
    clear power_factor_low at 24:30
at 25:00 end
