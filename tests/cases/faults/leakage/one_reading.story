One reading above the mark is none.

lamp lamp-1
at 20:00 leakage_current 0.5 mA
at 20:10 leakage_current 40 mA
at 20:10:10 leakage_current 0.5 mA
at 20:30 end
