A sensor alone on its line has no echo for a moment, and a day later none at all.

bin bin-1
every 10m
at 00:00 distance 900 mm
at 08:00 distance bad
at 08:20 distance 900 mm
at 30:00 distance bad
    raise bad_data at 31:00
at 34:00 distance 900 mm
    clear bad_data at 34:10
at 36:00 end
