The meter before the contactor shows by day that the mains are back; the next night is another outage.

feeder pillar-1: feeder F1, supply switched
every 10s
at 20:00 voltage_l1 230 V, contactor_command on
at 22:00 voltage_l1 0 V
    raise feeder_outage at 22:00:10
at 05:40+1d contactor_command off
at 09:00+1d voltage_l1 231 V
    clear feeder_outage at 33:05
at 14:00+1d voltage_l1 0 V
at 18:20+1d contactor_command on
    raise feeder_outage at 42:20:10
at 20:00+1d end
