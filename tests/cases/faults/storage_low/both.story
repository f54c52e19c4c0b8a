A disk that fills up, and an outbox that does.

gateway gw-1
at 12:00 disk_free 4000 MB, queue_full 3 %
    event data_gap at 12:00
at 13:00 disk_free 150 MB
    raise storage_low at 13:05
at 14:00 disk_free 230 MB
at 14:10 disk_free 900 MB
    clear storage_low at 14:10
at 15:00 queue_full 95 %
    raise storage_low at 15:05
at 16:00 queue_full 40 %
    clear storage_low at 16:00
at 17:00 end
