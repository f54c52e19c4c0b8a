A recording slower than the profile's own period is judged at the pace it has.

lamp lamp-1: rated_power 70
every 10s
at 18:00 switch_command on, voltage 230 V, power 68 W
at 18:01 every 301s
    event data_gap at 18:06:01
    event data_gap at 18:11:02
at 18:31 power 3 W
    raise lamp_failure at 18:36:07
at 18:50 end
