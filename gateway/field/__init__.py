"""The engineer's tools: one poll now, last night once more."""
