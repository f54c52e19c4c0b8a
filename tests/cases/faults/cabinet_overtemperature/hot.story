A cabinet over 65 °C for five minutes; 64 °C is neither hot nor cool.

signal cabinet-1
at 12:00 cabinet_temperature 55 °C
at 13:00 cabinet_temperature 66 °C
    raise cabinet_overtemperature at 13:05
at 14:00 cabinet_temperature 64 °C
at 15:00 cabinet_temperature 60 °C
    clear cabinet_overtemperature at 15:00
at 16:00 end
