"""Modbus bytes, and nothing but bytes: PDUs, and the envelopes they travel in."""
