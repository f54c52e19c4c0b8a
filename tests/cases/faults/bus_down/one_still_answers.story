While one device answers, the bus works, and each silence is the device's own.

lamp lamp-1..3: rated_power 70
at 20:00 switch_command on, power 68 W
at 20:10 lamp-1 lamp-2: silent
    raise comm_loss warning of lamp-1 at 20:10:20
    raise comm_loss minor of lamp-2 at 20:10:20
at 20:20 end
