Switched off for the night, and it burns on.

lamp lamp-1: rated_power 70
every 60s
at 20:00 switch_command on, power 68 W
at 23:00 switch_command off
    raise relay_stuck at 23:05
at 24:00 power 1 W
    clear relay_stuck at 24:00
at 25:00 end
