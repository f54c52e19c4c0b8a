A lamp that is lost again and again: each loss is an alarm, and is not told a second time.

lamp lamp-1: rated_power 70
at 12:00 power 1 W
at 12:03 silent
    raise comm_loss at 12:03:20
at 12:04 answers
    clear comm_loss at 12:04
at 12:06 silent
    raise comm_loss at 12:06:20
at 12:07 answers
    clear comm_loss at 12:07
at 12:09 silent
    raise comm_loss at 12:09:20
at 12:10 answers
    clear comm_loss at 12:10
at 12:12 silent
    raise comm_loss at 12:12:20
at 12:13 answers
    clear comm_loss at 12:13
at 12:30 end
