"""The Slack edge: pure blocks and words, and listeners that write a row and answer."""
