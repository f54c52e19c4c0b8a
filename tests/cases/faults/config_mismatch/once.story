One reading that says so is not enough.

lamp lamp-1: rated_power 70
at 12:00 power 1 W
at 12:10 another
at 12:10:10 itself
at 12:20 end
