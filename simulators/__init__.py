"""A simulated district: lamps, pillars, signal cabinets and bins with physics, on real wires.

``world`` holds clock, seed, sky and mains; ``lamp feeder cabinet bin`` are the devices;
``maps registers modbus`` turn their values into registers by pymodbus's conversions, from the same
profiles the drivers use; ``line`` and ``servers`` put them on ptys and TCP; ``district`` lays a
district out and writes its site file; ``scenario`` and ``faults`` break it, with labels.
"""
