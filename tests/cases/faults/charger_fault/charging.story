After an outage a battery takes hours to charge.

signal cabinet-1: battery_cells 12
every 60s
at 12:00 on_battery off, battery_voltage 25.9 V
at 11:30 on_battery on, battery_voltage 23.6 V
    raise on_battery at 11:31
at 12:30 on_battery off, battery_voltage 25.9 V
    clear on_battery at 12:31
at 06:00 battery_voltage 27.2 V
at 15:00 end
