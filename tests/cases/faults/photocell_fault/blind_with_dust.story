A photocell under dust lights its lamp while the sun is still up, night after night, and is cleaned.

lamp lamp-1: rated_power 70, control photocell
every 60s
at 12:00 power 1 W
at 17:40 power 68 W
at 30:10 power 1 W
at 41:40 power 68 W
at 54:10 power 1 W
at 65:40 power 68 W
    raise photocell_fault at 66:11
at 78:10 power 1 W
at 90:10 power 68 W
at 102:00 power 1 W
at 114:10 power 68 W
at 126:00 power 1 W
at 138:10 power 68 W
    clear photocell_fault at 138:40
at 150:00 end
