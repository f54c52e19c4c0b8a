A cabinet that stands open at night is major, by day a warning; what stays open into the night becomes graver.

signal cabinet-1
at 10:00 door_open off
at 11:00 door_open on
    raise door_open warning at 11:01
at 11:30 door_open off
    clear door_open warning at 11:30
at 17:00 door_open on
    raise door_open warning at 17:01
at 20:00 door_open off
    clear door_open major at 20:00
at 23:00 door_open on
    raise door_open major at 23:01
at 23:30 door_open off
    clear door_open major at 23:30
at 23:40 end
