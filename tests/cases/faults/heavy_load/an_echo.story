Rubble below little waste, and an echo that makes the bin look full: the load stays what it is.

bin bin-1
every 10m
at 00:00 fill_level 40 %, weight 8 kg
at 220:00 fill_level 30 %, weight 90 kg
at 220:30 fill_level 100 %
at 220:40 fill_level 30 %
    raise heavy_load at 221:00
at 222:00 end
