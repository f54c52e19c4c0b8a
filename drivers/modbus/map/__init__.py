"""What people write about a Modbus device, and what its registers mean."""
