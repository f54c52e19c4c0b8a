A cabinet's battery drains while it runs on it: low under 1.95 V a cell, empty under 1.80.

signal cabinet-1: battery_cells 12
at 12:00 on_battery off, battery_voltage 27.2 V
at 12:10 on_battery on, battery_voltage 24.6 V
    raise on_battery at 12:10:10
at 14:00 battery_voltage 23.2 V
    raise battery_low warning at 14:00:30
at 16:00 battery_voltage 21.5 V
at 16:10 on_battery off, battery_voltage 24 V
    clear on_battery at 16:11
at 16:40 battery_voltage 25.2 V
    clear battery_low critical at 16:40
at 17:00 end
