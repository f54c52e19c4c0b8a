Calls that are served, a call that waits through a pre-emption, and a night with cycles without a call.

signal cabinet-1
every 10s
at 00:30 ped_call_1 pulses 2m, cycle_counter counts 90s, mode control, preempt off
at 06:00 ped_call_1 on
at 06:04 ped_call_1 off
at 07:00 ped_call_1 on
at 07:02 preempt on
at 07:09 preempt off
at 07:11 ped_call_1 off
at 08:00 end
