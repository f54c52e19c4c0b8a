Contacts that were found welded by night become a day burner when it is day: one alarm.

lamp lamp-1: rated_power 70
every 60s
at 03:00 switch_command off, power 68 W
    raise relay_stuck at 03:05
    clear relay_stuck at 06:49
    raise day_burner at 06:49
at 10:00 power 1 W
    clear day_burner at 10:00
at 11:00 end
