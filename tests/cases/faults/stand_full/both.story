Both glass bins of a stand are full, and the emptied one ends it; the paper beside them is another's.

bin bin-1..2: stand plaza, stream glass
every 60s
at 08:00 fill_level 40 %
at 09:00 bin-1: fill_level 92 %
    raise bin_full of bin-1 at 09:31
at 10:00 bin-2: fill_level 93 %
    raise bin_full of bin-2 at 10:31
    raise stand_full of stand:plaza at 10:32
at 12:00 bin-1: fill_level 87 %
at 12:30 bin-1: fill_level 3 %
    clear stand_full of stand:plaza at 12:31
    clear bin_full of bin-1 at 12:31
    event collected of bin-1 at 12:31
at 13:00 end
