The sun on a sensor for some minutes, and a value that is bad, are none.

signal cabinet-1
at 12:00 cabinet_temperature 60 °C
at 13:00 cabinet_temperature 70 °C
at 13:04 cabinet_temperature 64 °C
at 13:10 cabinet_temperature bad
    raise bad_data at 13:10:20
at 14:00 end
