A processor at 82 °C for five minutes; 77 °C is neither hot nor cool.

gateway gw-1
at 12:00 cpu_temperature 60 °C, throttled off
    event data_gap at 12:00
at 13:00 cpu_temperature 82 °C
    raise cpu_hot at 13:05
at 14:00 cpu_temperature 77 °C
at 15:00 cpu_temperature 65 °C
    clear cpu_hot at 15:00
at 16:00 end
