A switched feeder leaks only while it is on: its nights are compared with its nights.

feeder pillar-1: feeder F1, supply switched
every 30m
at 08:00 contactor_command off, leakage_current 0 mA
at 18:00 contactor_command on, leakage_current 20 mA
at 30:00 contactor_command off, leakage_current 0 mA
at 42:00 contactor_command on, leakage_current 20 mA
at 54:00 contactor_command off, leakage_current 0 mA
at 66:00 contactor_command on, leakage_current 20 mA
at 78:00 contactor_command off, leakage_current 0 mA
at 90:00 contactor_command on, leakage_current 20 mA
at 102:00 contactor_command off, leakage_current 0 mA
at 114:00 contactor_command on, leakage_current 20 mA
at 126:00 contactor_command off, leakage_current 0 mA
at 138:00 contactor_command on, leakage_current 20 mA
at 150:00 contactor_command off, leakage_current 0 mA
at 162:00 contactor_command on, leakage_current 20 mA
at 174:00 contactor_command off, leakage_current 0 mA
at 186:00 contactor_command on, leakage_current 45 mA
at 198:00 contactor_command off, leakage_current 0 mA
at 210:00 contactor_command on, leakage_current 45 mA
at 222:00 contactor_command off, leakage_current 0 mA
at 234:00 contactor_command on, leakage_current 45 mA
at 246:00 contactor_command off, leakage_current 0 mA
at 258:00 contactor_command on, leakage_current 45 mA
at 270:00 contactor_command off, leakage_current 0 mA
    raise leakage_trend at 272:30
at 282:00 contactor_command on, leakage_current 45 mA
at 294:00 contactor_command off, leakage_current 0 mA
at 306:00 contactor_command on, leakage_current 45 mA
at 318:00 contactor_command off, leakage_current 0 mA
at 340:00 end
