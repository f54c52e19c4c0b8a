Three failed attempts are not enough where they take only three seconds.

signal cabinet-1
every 1s
at 12:00 plan 1
at 12:10 silent
at 12:10:20 answers
at 12:20 silent
    raise comm_loss major at 12:20:29
at 12:30 answers
    clear comm_loss major at 12:30
at 12:40 end
