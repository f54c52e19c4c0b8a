Mains lost for ten seconds; a minute of mains ends it, and a recloser's tries do not.

signal cabinet-1
every 1s
at 12:00 on_battery off, supply_voltage 231 V
at 12:10 on_battery on, supply_voltage 0 V
    raise on_battery at 12:10:10
at 12:20 on_battery off, supply_voltage 229 V
at 12:20:30 on_battery on
at 12:21 on_battery off
    clear on_battery at 12:22
at 12:30 end
