Somebody wheels a bin to the next street, and the crew brings it back.

bin bin-1: latitude 14.5547, longitude 121.0244
every 60s
at 08:00 latitude 14.55472, longitude 121.02441
at 09:00 latitude 14.5560, longitude 121.0244
    raise bin_moved at 09:15
at 11:00 latitude 14.55505, longitude 121.0244
at 11:30 latitude 14.55471, longitude 121.0244
    clear bin_moved at 11:30
at 12:00 end
