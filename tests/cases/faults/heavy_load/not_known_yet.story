In its first week nobody knows what is heavy for it.

bin bin-1
every 1h
at 00:00 fill_level 40 %, weight 8 kg
at 100:00 weight 30 kg
at 110:00 end
