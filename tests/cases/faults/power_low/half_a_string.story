Half of an LED's strings are dead, and it burns on; when it dies altogether that takes its place.

lamp lamp-1: rated_power 100
at 18:30 switch_command on, dim_level 100 %, voltage 230 V, power 98 W
at 19:00 power 52 W
    raise power_low at 19:15
at 21:00 power 0.6 W
    clear power_low at 21:05
    raise lamp_failure at 21:05
at 22:00 power 98 W
    clear lamp_failure at 22:00
at 23:00 end
