On mains a low battery is being charged; one whose cells nobody counted cannot be judged; one odd value is none.

signal cabinet-1: battery_cells 12
signal cabinet-2: coordinated false
bin bin-1
at 12:00 cabinet-1 cabinet-2: on_battery off, battery_voltage 22.8 V
at 12:00 bin-1: battery 60 %
at 12:10 bin-1: battery 3 %
at 12:10:20 bin-1: battery 60 %
at 13:00 cabinet-2: battery_voltage 20 V
at 14:00 end
