"""A local workspace that speaks Slack's Web API, callbacks and Socket Mode, strictly, with a page for people."""
