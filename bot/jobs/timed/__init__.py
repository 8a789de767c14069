"""What happens by the clock: checks, schedules, and finding out what differs between installations."""
