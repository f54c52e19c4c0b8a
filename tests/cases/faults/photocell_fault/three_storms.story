Three storms on three afternoons, each dark enough for the lamp's own light meter.

lamp lamp-1: rated_power 70, control photocell
every 5m
at 12:00 power 1 W, illuminance 60000 lx
at 15:00 power 68 W, illuminance 40 lx
    event dark_day at 15:00
at 15:40 power 1 W, illuminance 20000 lx
at 18:10 power 68 W, illuminance 20 lx
at 29:50 power 1 W, illuminance 900 lx
at 39:00 power 68 W, illuminance 40 lx
    event dark_day at 39:00
at 39:40 power 1 W, illuminance 20000 lx
at 42:10 power 68 W, illuminance 20 lx
at 53:50 power 1 W, illuminance 900 lx
at 63:00 power 68 W, illuminance 40 lx
    event dark_day at 63:00
at 63:40 power 1 W, illuminance 20000 lx
at 66:10 power 68 W, illuminance 20 lx
at 77:50 power 1 W, illuminance 900 lx
at 90:00 end
