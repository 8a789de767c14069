"""What would happen: something comes in and is played through rules and runbook, with answers written down before."""
