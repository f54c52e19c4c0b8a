A cold discharge lamp starts with a high current, and that is how it is.

lamp lamp-1: rated_power 150, technology hps
at 18:30 switch_command on, voltage 230 V, current 1.7 A
at 18:37 current 0.8 A
at 20:00 end
