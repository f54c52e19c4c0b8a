Polled only every ten minutes, a dark lamp takes two dark readings.

lamp lamp-1: rated_power 70
every 10m
at 18:00 switch_command on, voltage 230 V, power 68 W
at 18:30 power 3 W
    raise lamp_failure at 18:40
at 19:10 power 68 W
    clear lamp_failure at 19:10
at 19:30 end
