A pre-emption that does not end within ten minutes.

signal cabinet-1
every 1s
at 12:00 preempt off
at 12:10 preempt on
    raise preempt_stuck at 12:20
at 12:30 preempt off
    clear preempt_stuck at 12:30
at 12:40 end
