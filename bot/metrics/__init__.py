"""What the bot tells Prometheus: what it has counted, what there is, and what its checks found."""
