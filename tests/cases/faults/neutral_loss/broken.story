The neutral breaks: one phase high, one low, within the same reading.

feeder pillar-1: feeder F1
every 1s
at 20:00 voltage_l1 230 V, voltage_l2 231 V, voltage_l3 229 V
at 20:10 voltage_l1 281 V, voltage_l2 190 V
    raise neutral_loss at 20:10:05
at 20:40 voltage_l1 230 V, voltage_l2 231 V
    clear neutral_loss at 20:41
at 21:00 end
