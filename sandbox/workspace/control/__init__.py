"""The control API: be a person, look at everything, break things. For tests and for the page."""
