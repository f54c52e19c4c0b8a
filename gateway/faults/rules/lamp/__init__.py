"""Faults of street lamps."""
