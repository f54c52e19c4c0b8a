A feeder's leakage grows from warning to critical, and never becomes less grave while it stands.

feeder pillar-1: feeder F1
at 20:00 leakage_current 40 mA
at 20:10 leakage_current 120 mA
    raise leakage warning at 20:10:10
at 20:20 leakage_current 160 mA
at 20:30 leakage_current 350 mA
at 20:40 leakage_current 120 mA
at 20:50 leakage_current 30 mA
    clear leakage critical at 20:51
at 21:00 end
