"""StripeMeter: metered usage, its counters, its reconciler and its API."""
