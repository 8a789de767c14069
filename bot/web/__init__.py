"""The HTTP edge: ingest, health, metrics, and the door for Slack."""
