A pole that leans by twelve degrees since it was put up is as it should be.

lamp lamp-1
every 60s
at 08:00 tilt 12 °
at 14:00 tilt 16 °
at 16:00 end
