Bad and uncertain values are no evidence, for a failure or against one.

lamp lamp-1: rated_power 70
at 18:20 switch_command on, voltage 230 V, power 68 W
at 18:30 power 3 W
at 18:31 power bad
    raise bad_data at 18:31:20
at 18:33 power 2 W
    clear bad_data at 18:34
    raise lamp_failure at 18:35
at 18:40 power bad
    raise bad_data at 18:40:20
at 18:45 power 68 W, power uncertain
at 18:50 power 68 W
    clear lamp_failure at 18:50
    clear bad_data at 18:51
at 18:55 power 3 W, power uncertain
at 19:30 end
