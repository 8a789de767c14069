"""The local world for demo and tests: a Slack-like workspace, a fake Stripe and the simulated billing hosts."""
