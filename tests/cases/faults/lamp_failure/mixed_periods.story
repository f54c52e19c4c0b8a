Switch and voltage are read more slowly than power; they are current until their next reading.

lamp lamp-1: rated_power 70
every 5s, voltage every 60s, switch_command every 60s
at 18:20 switch_command on, voltage 230 V, power 68 W
at 18:30 power 3 W
    raise lamp_failure at 18:35
at 18:40 power 68 W
    clear lamp_failure at 18:40
at 18:50 end
