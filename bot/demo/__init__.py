"""The demonstration: the bot, a local world, and a real Prometheus and Alertmanager, with nothing to configure."""
