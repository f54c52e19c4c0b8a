A lamp that stays on after dawn is told when it has burnt for twenty minutes of daylight.

lamp lamp-1: rated_power 70
every 60s
at 05:00 switch_command on, power 68 W
at 05:55 switch_command off
    raise day_burner at 06:49
at 10:00 power 1 W
    clear day_burner at 10:00
at 11:00 end
