"""Faults that any device can have."""
