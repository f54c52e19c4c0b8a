"""The devices of a district: physics, one module a kind, and the ways each can break."""
