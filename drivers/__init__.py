"""Field protocols, one module or package each, found by name, never imported by one."""
