A controller takes a few minutes to change over; at weekends, in flash and in a pre-emption other things run.

signal cabinet-1: plans mon-fri 06:30-09:30 2; 1, longest_cycle 90s
every 10s
date 2026-03-20
at 06:00 plan 1, mode control, preempt off
at 06:33 plan 2
at 08:00 preempt on, plan 9
at 08:09 preempt off, plan 2
at 09:31 plan 1
at 06:00 plan 1
at 11:00 plan bad
    raise bad_data at 11:00:20
at 12:00 end
