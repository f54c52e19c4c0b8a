Silence is none, nor how rarely a silent device is asked, nor a pause of some polls, nor what is bad.

signal cabinet-1
every 1s
at 12:00 group_1 green, group_2 red
at 12:01 unheard
at 12:01:20 heard
at 12:02 silent
    raise comm_loss major at 12:02:29
at 12:03 unheard
at 12:13 heard
at 12:14 answers
    clear comm_loss major at 12:14
at 12:15 group_1 bad
    raise bad_data at 12:15:02
at 12:16 group_1 green
    clear bad_data at 12:17
at 12:18 end
