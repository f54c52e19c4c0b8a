The supply is too weak in three readings, and now and then for a while.

gateway gw-1
at 12:00 undervoltage off
    event data_gap at 12:00
at 13:00 undervoltage on
    raise undervoltage at 13:00:20
at 13:05 undervoltage off
at 13:08 undervoltage on
at 13:09 undervoltage off
    clear undervoltage at 13:14
at 14:00 end
