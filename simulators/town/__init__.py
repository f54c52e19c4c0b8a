"""The town: its streets, which devices stand where on which wires, and the living whole."""
