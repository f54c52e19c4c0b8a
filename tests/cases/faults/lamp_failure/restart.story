A restart begins the delay anew, and neither forgets nor repeats an alarm.

lamp lamp-1: rated_power 70
at 18:20 switch_command on, voltage 230 V, power 68 W
at 18:30 power 3 W
at 18:34 restart
    raise lamp_failure at 18:40
at 18:50 restart
at 19:10 power 68 W
    clear lamp_failure at 19:10
at 19:20 end
