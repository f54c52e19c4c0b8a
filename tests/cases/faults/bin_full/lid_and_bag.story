A single echo off the lid is not believed, and twenty minutes of a leaning bag are no full bin.

bin bin-1
every 60s
at 08:00 fill_level 40 %
at 09:00 fill_level 100 %
at 09:01 fill_level 40 %
at 10:00 fill_level 90 %
at 10:20 fill_level 50 %
at 11:00 end
