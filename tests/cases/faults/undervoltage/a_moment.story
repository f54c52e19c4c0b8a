A moment of it is none.

gateway gw-1
at 12:00 undervoltage off
    event data_gap at 12:00
at 13:00 undervoltage on
at 13:00:20 undervoltage off
at 14:00 end
