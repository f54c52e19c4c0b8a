A driver whose standby lies near the threshold neither raises nor clears by its noise.

lamp lamp-1: rated_power 70
every 60s
at 11:00 switch_command off, power 9.5 W
at 12:00 power 11 W
    raise day_burner at 12:20
at 12:30 power 9.5 W
at 13:00 power 8 W
    clear day_burner at 13:00
at 13:10 end
