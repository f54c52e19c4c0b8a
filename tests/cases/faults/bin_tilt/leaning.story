A bin on a slope leans, and that is where it stands.

bin bin-1
every 60s
at 08:00 tilt 14 °, fill_level 30 %
at 10:00 tilt 19 °
at 12:00 end
