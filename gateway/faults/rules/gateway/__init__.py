"""Faults of the gateway itself."""
