At 94 % a bin is full and does not overflow yet.

bin bin-1
every 60s
at 08:00 fill_level 60 %
at 09:00 fill_level 94 %
    raise bin_full at 09:31
at 12:00 end
