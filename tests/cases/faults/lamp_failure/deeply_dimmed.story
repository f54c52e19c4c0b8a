A lamp dimmed so far that it should hardly draw anything cannot be told from a dead one.

lamp lamp-1: rated_power 70
at 18:20 switch_command on, voltage 230 V, dim_level 100 %, power 68 W
at 22:00 dim_level 10 %, power 1 W
at 23:00 dim_level 50 %, power 33 W
at 23:30 dim_level 0 %, power 1 W
at 04:00 end
