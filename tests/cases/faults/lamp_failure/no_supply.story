A lamp without voltage is not a failed lamp; the time without supply does not count against it.

lamp lamp-1: rated_power 70
at 18:25 switch_command on, voltage 230 V, power 68 W
at 18:30 power 0 W, voltage 12 V
at 19:30 power 1 W, voltage 231 V
    raise lamp_failure at 19:36
at 19:40 end
