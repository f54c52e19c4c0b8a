Nobody sets the gateway's clock for ten minutes.

gateway gw-1
at 12:00 clock_synchronised on
    event data_gap at 12:00
at 13:00 clock_synchronised off
    raise clock_unsynchronised at 13:10
at 14:00 clock_synchronised on
    clear clock_unsynchronised at 14:00
at 15:00 end
