A driver with a shorted stage draws twice its current for a minute.

lamp lamp-1: rated_power 100
at 18:30 switch_command on, voltage 230 V, current 0.45 A
at 19:00 current 1.1 A
    raise overcurrent at 19:01
at 19:30 current 0.45 A
    clear overcurrent at 19:30
at 20:00 end
