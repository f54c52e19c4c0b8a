Eighty-four degrees are hot, and allowed.

lamp lamp-1
every 60s
at 14:00 driver_temperature 84 °C
at 16:00 end
