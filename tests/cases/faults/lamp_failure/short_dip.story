A lamp that is dark for four minutes has had a dip, not a failure.

lamp lamp-1: rated_power 70
at 18:25 switch_command on, voltage 230 V, power 68 W
at 18:30 power 3 W
at 18:34:50 power 68 W
at 18:40 power 3 W
at 18:44:50 power 68 W
at 19:00 end
