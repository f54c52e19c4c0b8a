Who looks away knows nothing of a warm-up; the controller does, and its flag is believed at once.

lamp hps-1: rated_power 150, technology hps
at 18:00 switch_command on, voltage 230 V, power 150 W, lamp_failure_flag off
at 18:33 unheard
at 19:11 heard, power 3 W, lamp_failure_flag on
    event data_gap at 19:11
    raise lamp_failure at 19:11:10
at 19:20 end
