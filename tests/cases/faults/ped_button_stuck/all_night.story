A button that calls again in every cycle of the night, when hardly anybody walks.

signal cabinet-1
every 10s
at 00:30 ped_call_1 pulses 90s, ped_call_2 pulses 10m, cycle_counter counts 90s, mode control
at 04:59 ped_call_1 pulses 90s
    raise ped_button_stuck at 05:00
at 09:00 ped_call_1 off
    clear ped_button_stuck at 09:04:30
at 10:00 end
