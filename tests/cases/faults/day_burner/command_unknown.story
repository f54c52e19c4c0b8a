While the command cannot be read, nobody can say that the lamp should be off.

lamp lamp-1: rated_power 70
every 60s
at 11:00 switch_command off, power 1 W
at 12:00 switch_command bad, power 68 W
    raise bad_data at 12:02
at 14:00 end
