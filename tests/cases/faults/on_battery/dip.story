A dip of a few seconds is none.

signal cabinet-1
every 1s
at 12:00 on_battery off
at 12:10 on_battery on
at 12:10:08 on_battery off
at 12:20 end
