A bin's battery under a fifth, until it is changed.

bin bin-1
every 10m
at 12:00 battery 30 %
at 14:00 battery 19 %
    raise battery_low at 14:20
at 16:00 battery 22 %
at 18:00 battery 95 %
    clear battery_low at 18:00
at 19:00 end
