Without any supply there is no low voltage.

lamp lamp-1
every 10s
at 20:00 voltage 228 V
at 20:10 voltage 3 V
at 21:00 voltage 228 V
at 21:30 end
