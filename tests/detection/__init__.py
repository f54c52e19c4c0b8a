"""What the fault engine finds, misses and invents, on labelled recordings and on a city's data."""
