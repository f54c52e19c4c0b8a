A hot minute, and a warm afternoon.

gateway gw-1
at 12:00 cpu_temperature 60 °C
    event data_gap at 12:00
at 13:00 cpu_temperature 84 °C
at 13:02 cpu_temperature 78 °C
at 15:00 end
