One other bin in the shade says nothing about the weather.

bin bin-1..2: stand plaza
every 60s
at 10:00 temperature 30 °C
at 11:00 bin-1: temperature 30 °C +0.5/min
at 12:10 bin-1: temperature 65 °C
at 14:00 end
