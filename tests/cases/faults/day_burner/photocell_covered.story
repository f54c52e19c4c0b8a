A lamp on a photocell has no command; that night falls clears nothing, a dark lamp by day does.

lamp lamp-1: rated_power 70, control photocell
every 60s
at 12:00 power 69 W
    raise day_burner at 12:20
at 10:00 power 1 W
    clear day_burner at 10:00
at 11:00 end
