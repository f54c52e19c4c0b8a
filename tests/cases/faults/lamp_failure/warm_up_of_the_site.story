A site may set the warm-up and the delay it wants.

lamp lamp-1: rated_power 70
every 1s
rule lamp_failure: warm_up 3s, on_delay 4s
at 18:00 switch_command off, power 1 W, voltage 230 V
at 18:01 switch_command on
    raise lamp_failure at 18:01:07
at 18:02 power 68 W
    clear lamp_failure at 18:02
at 18:05 end
