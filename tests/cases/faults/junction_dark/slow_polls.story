Where a junction is asked every ten seconds, three readings are twenty.

signal cabinet-1
every 10s
at 12:00 group_1 red, group_2 green, mode failure
at 12:10 group_1 dark, group_2 dark
    raise junction_dark at 12:10:20
at 12:20 group_1 red
    clear junction_dark at 12:20
at 12:21 end
