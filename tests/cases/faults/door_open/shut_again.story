A door that is opened and shut within a minute.

signal cabinet-1
at 12:00 door_open off
at 12:10 door_open on
at 12:10:50 door_open off
at 12:20 end
