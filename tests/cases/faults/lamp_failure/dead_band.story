Between dead and burning no failure comes and none goes; that it draws too little is told meanwhile.

lamp lamp-1: rated_power 100
at 18:20 switch_command on, voltage 230 V, power 95 W
at 18:30 power 20 W
    raise power_low at 18:45
at 19:00 power 10 W
at 19:03 power 20 W
at 19:04 power 10 W
    clear power_low at 19:09
    raise lamp_failure at 19:09
at 19:20 power 20 W
at 19:40 power 30 W
    clear lamp_failure at 19:40
at 19:50 end
