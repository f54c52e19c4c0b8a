A gust bends it for five seconds.

lamp lamp-1: rated_power 70
every 5s
at 08:00 tilt 2 °, voltage 230 V
at 10:00 tilt 20 °
at 10:00:05 tilt 2 °
at 11:00 end
