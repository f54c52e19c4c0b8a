A bit that comes with each change of aspect is no lamp.

signal cabinet-1
every 1s
at 12:00 lamp_fault_1 off
at 12:10 lamp_fault_1 on
at 12:10:08 lamp_fault_1 off
at 12:10:10 lamp_fault_1 on
at 12:10:18 lamp_fault_1 off
at 12:20 end
