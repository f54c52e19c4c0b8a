It leaked already when it was first read, and is mended: what is usual is what it leaks since then.

feeder pillar-1: feeder F1
every 30m
at 08:00 leakage_current 45 mA
at 224:00 leakage_current 20 mA
at 440:00 leakage_current 45 mA
    raise leakage_trend at 536:30
at 560:00 end
