"""Faults of waste bins."""
