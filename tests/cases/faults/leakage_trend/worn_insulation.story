A feeder's insulation wears: twenty milliamperes at first, forty-five after two weeks of rain and sun.

feeder pillar-1: feeder F1
every 30m
at 08:00 leakage_current 20 mA
at 176:00 leakage_current 45 mA
    raise leakage_trend at 272:30
at 360:00 leakage_current 20 mA
    clear leakage_trend at 440:00
at 500:00 end
