"""A simulated district: lamps, pillars, signal cabinets and bins with physics, on real wires.

``world`` is the one clock, seed, sky and mains; ``devices`` are the physics; ``town`` lays a
district out, writes its site file and holds the living whole; ``wires`` turns values into
registers, by pymodbus's conversions and from the profiles the drivers use, and puts them on ptys
and TCP; ``scenario`` breaks it, and ``faults`` keeps the truth about that. ``demo`` is all of it
with a gateway around.
"""
