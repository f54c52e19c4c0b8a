Rubble on the ground of the bin: the level shows next to nothing, the scale shows it all.

bin bin-1
every 1h
at 00:00 fill_level 40 %, weight 8 kg
at 220:00 fill_level 6 %, weight 1 kg
    event collected at 221:00
at 222:00 weight 90 kg
    raise heavy_load at 223:00
at 226:00 weight 1 kg
at 230:00 fill_level 30 %, weight 6 kg
    clear heavy_load at 231:00
at 232:00 end
