"""Bringing Slack to what the message rows say."""
