A car knocks it over: ten seconds, and no word of a leaning pole beside it.

lamp lamp-1: rated_power 70
every 5s
at 08:00 tilt 2 °, voltage 230 V
at 10:00 tilt 78 °, voltage 0 V
    raise pole_down at 10:00:10
at 12:00 tilt 2 °, voltage 230 V
    clear pole_down at 12:01
at 13:00 end
