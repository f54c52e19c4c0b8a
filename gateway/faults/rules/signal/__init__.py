"""Faults of traffic signals and their cabinets."""
