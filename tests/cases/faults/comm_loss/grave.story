A lamp lost for four hours is minor; two lost on one bus are so at once.

lamp lamp-1..3: rated_power 70
at 12:00 power 1 W
at 12:10 lamp-1: silent
    raise comm_loss warning of lamp-1 at 12:10:20
at 16:10 lamp-1: answers
    clear comm_loss minor of lamp-1 at 16:10
at 17:00 lamp-1: silent
    raise comm_loss warning of lamp-1 at 17:00:20
at 17:10 lamp-2: silent
    raise comm_loss minor of lamp-2 at 17:10:20
at 17:20 lamp-1 lamp-2: answers
    clear comm_loss minor of lamp-1 at 17:20
    clear comm_loss minor of lamp-2 at 17:20
at 17:30 end
