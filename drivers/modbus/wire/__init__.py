"""The wires Modbus runs on: who may speak when, and which answer belongs to which question."""
