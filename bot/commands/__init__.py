"""Groups of commands that need more than a few lines each."""
