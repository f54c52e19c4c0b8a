A device that answers now and then is not lost.

lamp lamp-1: rated_power 70
at 12:00 power 1 W
at 12:10 silent
at 12:10:20 answers
at 12:10:30 silent
at 12:10:50 answers
at 12:11 silent
at 12:11:20 answers
at 12:20 end
