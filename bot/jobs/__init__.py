"""The work done behind the doors: one module per kind of job, and the engine that runs them."""
