A call that does not end for five minutes.

signal cabinet-1
every 1s
at 12:00 ped_call_1 off, ped_call_2 off, mode control
at 12:10 ped_call_2 on
    raise ped_button_stuck at 12:15
at 12:20 ped_call_2 off
    clear ped_button_stuck at 12:20
at 12:30 end
