A hole in the data proves nothing: the lamp is judged afresh after it, warm-up included.

lamp lamp-1: rated_power 70
at 18:20 switch_command on, voltage 230 V, power 68 W
at 18:30 power 3 W
at 18:33 unheard
at 19:11 heard
    event data_gap at 19:11
    raise lamp_failure at 19:17
at 19:20 unheard
at 19:50 heard, power 68 W
    event data_gap at 19:50
    clear lamp_failure at 19:51
at 20:00 end
