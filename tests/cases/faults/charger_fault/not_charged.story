A day on mains, and the battery is not charged.

signal cabinet-1: battery_cells 12
every 60s
at 12:00 on_battery off, battery_voltage 27.2 V
at 13:00 battery_voltage 25.9 V
at 06:00 battery_voltage 25.8 V
    raise charger_fault at 13:00
at 15:00 battery_voltage 26.5 V
at 16:00 battery_voltage 27.2 V
    clear charger_fault at 16:00
at 17:00 end
