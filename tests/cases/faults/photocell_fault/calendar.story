A calendar lamp follows its calendar, and nobody asks the sun.

lamp lamp-1: rated_power 70, control calendar
every 60s
at 12:00 power 1 W
at 17:40 power 68 W
at 30:10 power 1 W
at 41:40 power 68 W
at 54:10 power 1 W
at 65:40 power 68 W
at 78:10 power 1 W
at 89:40 power 68 W
at 102:10 power 1 W
at 113:40 power 68 W
at 126:10 power 1 W
at 140:00 end
