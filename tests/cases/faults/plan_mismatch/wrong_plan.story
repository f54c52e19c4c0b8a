The morning's plan does not come, for three cycles.

signal cabinet-1: plans mon-fri 06:30-09:30 2; 1, longest_cycle 90s
every 10s
at 06:00 plan 1, mode control
    raise plan_mismatch at 06:34:30
at 07:00 plan 2
    clear plan_mismatch at 07:00
at 08:00 end
