"""Without Slack: requests and votes as JSON and as plain pages."""
