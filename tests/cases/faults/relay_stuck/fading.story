A lamp that fades out for three minutes obeys.

lamp lamp-1: rated_power 70
every 60s
at 20:00 switch_command on, power 68 W
at 23:00 switch_command off, power 40 W
at 23:03 power 1 W
at 24:00 end
