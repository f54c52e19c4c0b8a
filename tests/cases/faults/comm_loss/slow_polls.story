Thirty seconds are not enough where that is a single attempt.

bin bin-1
every 10m
at 12:00 temperature 25 °C
at 13:00 silent
at 13:20 answers
at 14:00 silent
    raise comm_loss at 14:20
at 15:00 answers
    clear comm_loss at 15:00
at 16:00 end
