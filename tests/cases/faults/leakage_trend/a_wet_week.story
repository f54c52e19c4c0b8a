It rains every afternoon, and dries every night.

feeder pillar-1: feeder F1
every 30m
at 8:00 leakage_current 20 mA
at 14:00 leakage_current 20 mA
at 20:00 leakage_current 20 mA
at 32:00 leakage_current 20 mA
at 38:00 leakage_current 20 mA
at 44:00 leakage_current 20 mA
at 56:00 leakage_current 20 mA
at 62:00 leakage_current 20 mA
at 68:00 leakage_current 20 mA
at 80:00 leakage_current 20 mA
at 86:00 leakage_current 20 mA
at 92:00 leakage_current 20 mA
at 104:00 leakage_current 20 mA
at 110:00 leakage_current 20 mA
at 116:00 leakage_current 20 mA
at 128:00 leakage_current 20 mA
at 134:00 leakage_current 20 mA
at 140:00 leakage_current 20 mA
at 152:00 leakage_current 20 mA
at 158:00 leakage_current 20 mA
at 164:00 leakage_current 20 mA
at 176:00 leakage_current 20 mA
at 182:00 leakage_current 90 mA
at 188:00 leakage_current 20 mA
at 200:00 leakage_current 20 mA
at 206:00 leakage_current 90 mA
at 212:00 leakage_current 20 mA
at 224:00 leakage_current 20 mA
at 230:00 leakage_current 90 mA
at 236:00 leakage_current 20 mA
at 248:00 leakage_current 20 mA
at 254:00 leakage_current 90 mA
at 260:00 leakage_current 20 mA
at 272:00 leakage_current 20 mA
at 278:00 leakage_current 90 mA
at 284:00 leakage_current 20 mA
at 296:00 leakage_current 20 mA
at 302:00 leakage_current 90 mA
at 308:00 leakage_current 20 mA
at 320:00 leakage_current 20 mA
at 326:00 leakage_current 90 mA
at 332:00 leakage_current 20 mA
at 344:00 leakage_current 20 mA
at 350:00 leakage_current 90 mA
at 356:00 leakage_current 20 mA
at 368:00 leakage_current 20 mA
at 374:00 leakage_current 90 mA
at 380:00 leakage_current 20 mA
at 410:00 end
