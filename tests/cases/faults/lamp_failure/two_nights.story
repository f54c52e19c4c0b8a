A lamp that fails over two nights is one alarm: by day nothing can be said of it.

lamp lamp-1: rated_power 70
every 60s
at 18:20 switch_command on, voltage 230 V, power 2 W
    raise lamp_failure at 18:26
at 05:50 switch_command off, power 1 W
at 18:20 switch_command on, power 2 W
at 06:00 end
