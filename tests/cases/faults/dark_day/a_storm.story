A storm darkens the afternoon and every photocell lights its lamp: told once, and no alarm.

lamp lamp-1: rated_power 70, control photocell
every 60s
at 14:00 power 1 W, illuminance 60000 lx, switch_command off
at 15:00 power 68 W, illuminance 50 lx
    event dark_day at 15:00
at 16:00 power 1 W, illuminance 30000 lx
at 17:00 end
