A driver cooks behind a closed cover, and cools down at night.

lamp lamp-1
every 60s
at 14:00 driver_temperature 70 °C
at 15:00 driver_temperature 88 °C
    raise driver_overtemperature at 15:05
at 17:00 driver_temperature 82 °C
at 18:00 driver_temperature 60 °C
    clear driver_overtemperature at 18:00
at 19:00 end
