The same point without a usable value three times in a row; another joins; a minute of good ones ends it.

lamp lamp-1: rated_power 70
at 12:00 power 1 W, voltage 230 V
at 12:10 voltage bad
    raise bad_data at 12:10:20
at 12:15 power bad
at 12:20 voltage 229 V
at 12:30 power 1 W
    clear bad_data at 12:31
at 12:40 end
