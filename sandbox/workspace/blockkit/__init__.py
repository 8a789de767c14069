"""Block Kit as Slack accepts it, written down as strict models: one type per block, element and object."""
