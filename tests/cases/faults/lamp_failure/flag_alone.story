A lamp that has nothing but a flag is judged by it while it is on.

lamp lamp-1
at 18:20 switch_state on, lamp_failure_flag off
at 18:30 lamp_failure_flag on
    raise lamp_failure at 18:30:10
at 18:40 lamp_failure_flag off
    clear lamp_failure at 18:40
at 18:50 end
