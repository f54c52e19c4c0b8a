A sensor that looks past an open lid sees nothing either: upright, it is no removed bin, only blind.

bin bin-1
every 10m
at 08:00 distance 900 mm, tilt 2 °
at 09:00 distance bad, tilt 4 °
    raise bad_data at 10:00
at 36:00 distance 900 mm
    clear bad_data at 36:10
at 37:00 end
