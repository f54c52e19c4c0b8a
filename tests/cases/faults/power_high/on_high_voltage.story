Magnetic gear draws more on a high voltage, and on one that is out of bounds nobody judges it.

lamp lamp-1: rated_power 150, technology hps
at 18:30 switch_command on, dim_level 100 %, voltage 230 V, power 150 W
at 19:00 voltage 255 V, power 185 W
    raise voltage_high at 19:10
at 20:00 voltage 230 V, power 150 W
    clear voltage_high at 20:01
at 21:00 end
