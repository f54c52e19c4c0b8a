What was lost long before its bus keeps standing; what was lost just before belongs to it.

lamp lamp-1..3: rated_power 70
at 20:00 switch_command on, power 68 W
at 20:10 lamp-1: silent
    raise comm_loss warning of lamp-1 at 20:10:20
at 20:19 lamp-2: silent
    raise comm_loss minor of lamp-2 at 20:19:20
at 20:20 lamp-3: silent
    raise bus_down of bus:bus-1 at 20:20:40
    suppress comm_loss minor of lamp-2 at 20:20:40
    suppress comm_loss minor of lamp-3 at 20:20:40
at 20:30 answers
    clear bus_down of bus:bus-1 at 20:30
    unsuppress comm_loss minor of lamp-2 at 20:30
    unsuppress comm_loss minor of lamp-3 at 20:30
    clear comm_loss minor of lamp-1 at 20:30
at 20:40 end
