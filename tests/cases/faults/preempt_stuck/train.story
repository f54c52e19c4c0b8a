At a level crossing half an hour is allowed, and a short pre-emption is never a fault.

signal cabinet-1: max_preempt 30m
every 1s
at 12:00 preempt off
at 12:10 preempt on
at 12:39 preempt off
at 12:50 preempt on
at 12:51 preempt off
at 13:00 end
