A device that was lost before a restart is still lost after it, and said only once.

feeder pillar-1: feeder F1
at 12:00 voltage_l1 230 V
at 12:10 silent
    raise comm_loss major at 12:10:20
at 12:20 restart
at 12:30 answers
    clear comm_loss major at 12:30
at 12:40 end
