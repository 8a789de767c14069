"""From a stored delivery to an incident and its evidence."""
