When the switch can no longer be read, its last value is believed for three periods, not for ever.

lamp lamp-1: rated_power 70
at 18:20 switch_command on, voltage 230 V, power 68 W
at 18:30 voltage unread
at 18:31 power 3 W
    raise lamp_failure at 18:36
at 18:40 end
