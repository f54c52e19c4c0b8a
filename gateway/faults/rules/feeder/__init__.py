"""Faults of lighting feeders and their pillars."""
