One of the two has never told its level: nobody knows whether there is room.

bin bin-1..2: stand plaza, stream glass
every 60s
at 08:00 bin-1: fill_level 92 %
    raise bin_full of bin-1 at 08:32
at 08:00 bin-2: battery 80 %
at 10:00 end
