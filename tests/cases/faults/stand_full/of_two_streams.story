Glass is full and paper is full, one bin each: there is no stream without room to be told of twice.

bin bin-1: stand plaza, stream glass
bin bin-2: stand plaza, stream paper
every 60s
at 08:00 fill_level 92 %
    raise bin_full of bin-1 at 08:32
    raise bin_full of bin-2 at 08:32
at 10:00 end
