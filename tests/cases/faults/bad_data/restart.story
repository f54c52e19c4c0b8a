A point that was bad before a restart has to be good before the alarm goes; one that never was is not fitted.

lamp lamp-1: rated_power 70
at 12:00 power 1 W, voltage 230 V, illuminance bad
at 12:10 voltage bad
    raise bad_data at 12:10:20
at 12:20 restart
at 12:30 voltage 229 V
    clear bad_data at 12:31
at 12:40 end
