Its feeder is off by day, and the pillar answers all the same, or should.

feeder pillar-1: feeder F1, supply switched
at 12:00 voltage_l1 230 V, contactor_command off
at 12:03 silent
at 12:03:20 answers
at 12:05 silent
at 12:05:20 answers
at 12:07 silent
at 12:07:20 answers
    raise comm_degraded at 12:07:20
    clear comm_degraded at 12:18
at 12:30 end
