"""The wires devices hang on: registers, Modbus on TCP and serial lines, and their mishaps."""
