A bin of which the site file does not say where it belongs is not judged.

bin bin-1
every 60s
at 08:00 latitude 14.5547, longitude 121.0244
at 09:00 latitude 14.6, longitude 121.1
at 10:00 end
