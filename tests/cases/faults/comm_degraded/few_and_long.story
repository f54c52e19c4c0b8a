Too few, all in one run, of a lamp without supply by plan, or on a line that lost one in fifty: none.

lamp lamp-1: rated_power 70
lamp lamp-2: rated_power 70
at 12:00 lamp-1 lamp-2: power 1 W
at 12:03 lamp-1: silent
at 12:03:10 lamp-1: answers
at 12:05 lamp-1: silent
at 12:05:10 lamp-1: answers
at 12:07 lamp-1: silent
at 12:07:10 lamp-1: answers
at 12:10 lamp-2: silent
    raise comm_loss of lamp-2 at 12:10:20
at 12:20 lamp-2: answers
    clear comm_loss of lamp-2 at 12:20
at 12:40 end
