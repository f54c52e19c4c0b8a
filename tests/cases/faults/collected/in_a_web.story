A spider's web before an empty bin: two wrong echoes of three are no waste, and no collection ends them.

bin bin-1: stand plaza
every 5m
at 08:00 fill_level 62 %
at 09:00 fill_level 3 %
    event collected at 09:05
at 10:00 fill_level 69 %
at 10:05 fill_level 81 %
at 10:10 fill_level 3 %
at 12:00 end
