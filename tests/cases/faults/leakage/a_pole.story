Water in a pole's terminals.

lamp lamp-1
at 20:00 leakage_current 0.5 mA
at 20:10 leakage_current 14 mA
    raise leakage at 20:10:10
at 20:30 leakage_current 9 mA
at 20:40 leakage_current 1 mA
    clear leakage at 20:41
at 21:00 end
