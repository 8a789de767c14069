"""How the pieces combine: pure functions and state machines."""
