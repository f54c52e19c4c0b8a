Lamps burn at dusk and dawn; a photocell that is a little early or late is no fault.

lamp lamp-1: rated_power 70, control photocell
every 60s
at 12:00 power 1 W
at 17:40 power 68 W
at 06:20 power 1 W
at 12:00 end
