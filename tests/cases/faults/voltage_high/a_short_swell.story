Nine minutes of high voltage are no alarm.

lamp lamp-1
every 10s
at 20:00 voltage 235 V
at 20:10 voltage 260 V
at 20:19 voltage 240 V
at 20:30 end
