After a start the time comes with the uplink.

gateway gw-1
at 12:00 clock_synchronised off
    event data_gap at 12:00
at 12:09 clock_synchronised on
at 13:00 end
