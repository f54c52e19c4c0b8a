Polled every quarter of an hour, a bin that the morning sun warms quickly is not on fire.

bin bin-1
every 15m
at 06:00 temperature 25 °C
at 07:00 temperature 25 °C +0.9/min
at 07:45 temperature 66 °C
at 12:00 end
