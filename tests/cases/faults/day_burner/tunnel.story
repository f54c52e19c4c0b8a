Tunnel lamps burn by day.

lamp lamp-1: rated_power 70, tunnel true
every 60s
at 11:00 power 68 W
at 14:00 end
