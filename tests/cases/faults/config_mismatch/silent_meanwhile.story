While it is silent nothing says who it is, and the alarm stays; so it does if no value is good.

lamp lamp-1: rated_power 70
at 12:00 power 1 W
at 12:10 another
    raise config_mismatch at 12:10:10
at 12:20 silent
    raise comm_loss at 12:20:20
at 12:30 answers, itself, power bad
    clear comm_loss at 12:30
    raise bad_data at 12:30:20
at 12:40 power 1 W
    clear config_mismatch at 12:40
    clear bad_data at 12:41
at 12:50 end
