"""Messages as Block Kit: pure functions from views to blocks that Slack will take."""
