Satellites among houses: positions wander by forty metres, and a minute by two hundred.

bin bin-1: latitude 14.5547, longitude 121.0244
every 60s
at 08:00 latitude 14.55505, longitude 121.0244
at 09:00 latitude 14.5565, longitude 121.0244
at 09:10 latitude 14.5547, longitude 121.0245
at 10:00 end
