The capacitor has lost its strength: the lamp burns as it did and draws twice the current.

lamp lamp-1: rated_power 150
at 18:30 switch_command on, dim_level 100 %, power 150 W, power_factor 0.93
at 19:00 power_factor 0.5
    raise power_factor_low at 19:15
at 20:00 power_factor 0.92
    clear power_factor_low at 20:00
at 21:00 end
