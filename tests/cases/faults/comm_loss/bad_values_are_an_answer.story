A device that answers with values nobody can use has still answered.

lamp lamp-1: rated_power 70
at 12:00 power 1 W
at 12:10 power bad
    raise bad_data at 12:10:20
at 12:20 end
