A lamp's controller was swapped for another type; it is put right an hour later.

lamp lamp-1: rated_power 70
at 12:00 power 1 W
at 12:10 another
    raise config_mismatch at 12:10:10
at 13:10 itself
    clear config_mismatch at 13:10
at 13:20 end
