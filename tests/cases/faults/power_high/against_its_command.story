A dimmed lamp is told to be off and burns on at full power: its contacts stick, no power is too high.

lamp lamp-1: rated_power 70
every 60s
at 20:00 switch_command on, switch_state on, dim_level 100, power 68 W
at 22:00 switch_command off
    raise relay_stuck at 22:05
at 23:00 dim_level 60
at 28:00 switch_command on, dim_level 100
at 29:00 switch_command off, switch_state off, power 1 W
    clear relay_stuck at 29:00
at 30:00 end
