What another device shows in these registers raises nothing, and clears nothing either.

lamp lamp-1: rated_power 70
at 18:00 switch_command on, voltage 230 V, power 68 W
at 18:30 power 3 W
    raise lamp_failure at 18:35
at 19:00 another, power 68 W
    raise config_mismatch at 19:00:10
at 20:00 itself
    clear config_mismatch at 20:00
    clear lamp_failure at 20:00
at 20:30 end
