A bus that cannot be opened is tried ever more rarely; that does not make it a gap.

lamp lamp-1..2: rated_power 70
every 1s
at 20:00 switch_command on, power 68 W
at 20:10 silent
at 20:10:04 every 8s
at 20:10:20 every 30s
    raise bus_down of bus:bus-1 at 20:10:50
    suppress comm_loss of lamp-1 at 20:10:50
    suppress comm_loss minor of lamp-2 at 20:10:50
at 20:20 end
