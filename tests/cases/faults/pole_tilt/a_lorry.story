A pole that always stood at three degrees leans at ten since a lorry touched it.

lamp lamp-1
every 60s
at 08:00 tilt 3 °
at 10:00 tilt 10 °
    raise pole_tilt at 10:10
at 12:00 tilt 7.5 °
at 13:00 tilt 3.2 °
    clear pole_tilt at 13:00
at 14:00 end
