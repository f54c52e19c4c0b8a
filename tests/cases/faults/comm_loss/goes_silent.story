A lamp that stops answering is lost after 30 seconds, and back with its first answer.

lamp lamp-1: rated_power 70
at 12:00 power 1 W
at 12:10 silent
    raise comm_loss at 12:10:20
at 12:30 answers
    clear comm_loss at 12:30
at 12:40 end
