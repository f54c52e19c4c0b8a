An outbox that fills half while the uplink is away, and a disk that is not known.

gateway gw-1
at 12:00 queue_full 3 %
    event data_gap at 12:00
at 13:00 queue_full 60 %
at 14:00 queue_full 95 %
at 14:04 queue_full 85 %
at 15:00 end
