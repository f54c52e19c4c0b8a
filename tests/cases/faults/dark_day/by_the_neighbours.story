Without light meters half of the photocell lamps tell of it; one of four alone is a day burner.

lamp lamp-1..4: rated_power 70, control photocell
every 60s
at 14:00 power 1 W, switch_command off
at 15:00 lamp-1: power 68 W
    raise day_burner of lamp-1 at 15:20
at 15:30 lamp-1: power 1 W
    clear day_burner of lamp-1 at 15:30
at 16:00 lamp-1..3: power 68 W
    event dark_day of lamp-2 at 16:00
    event dark_day of lamp-3 at 16:00
    event dark_day of lamp-1 at 16:01
at 16:40 lamp-1..3: power 1 W
at 17:00 end
