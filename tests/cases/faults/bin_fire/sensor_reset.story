A sensor that reports 85 °C once after a power dip has not seen a fire.

bin bin-1
every 60s
at 12:00 temperature 30 °C
at 13:00 temperature 85 °C
at 13:01 temperature 30 °C
at 15:00 temperature 85 °C
at 15:01 temperature bad
    raise bad_data at 15:03
at 15:10 temperature 30 °C
    clear bad_data at 15:11
at 16:00 end
