A bus on which nobody answers is one alarm; its devices' silence waits for it and is explained by it.

lamp lamp-1..3: rated_power 70
at 20:00 switch_command on, power 68 W
at 20:10 silent
    raise bus_down of bus:bus-1 at 20:10:40
    suppress comm_loss of lamp-1 at 20:10:40
    suppress comm_loss minor of lamp-2 at 20:10:40
    suppress comm_loss minor of lamp-3 at 20:10:40
at 20:20 answers
    clear bus_down of bus:bus-1 at 20:20
    unsuppress comm_loss minor of lamp-1 at 20:20
    unsuppress comm_loss minor of lamp-2 at 20:20
    unsuppress comm_loss minor of lamp-3 at 20:20
at 20:30 end
