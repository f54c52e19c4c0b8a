A lamp that goes dark is told five minutes later, and cleared when it is seen burning again.

lamp lamp-1: rated_power 70, feeder F1
at 18:25 switch_command on, switch_state on, voltage 230 V, power 68 W
at 18:30 power 3 W
    raise lamp_failure at 18:35
at 19:10 power 66 W
    clear lamp_failure at 19:10
at 19:30 end
