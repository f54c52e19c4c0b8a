"""The gauntlet: the whole chain under load, its parts killed at random, and everything counted.

*Every reading committed by the gateway is in the database exactly once, or its loss is on record
with its reason.* ``numbered`` devices give every answer a number of its own and remember when they
gave it; ``witness`` reads what the gateway had on disk whenever it died, by means of its own;
``city`` is the chain of real programs, ``lives`` what happens to them, and ``referee`` compares
what was answered, what was committed and what is stored.
"""
