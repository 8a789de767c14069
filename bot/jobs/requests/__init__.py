"""A request from its preparation to its verified end: one module per step, and what the steps share."""
