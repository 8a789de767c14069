"""An Accrue host: the library's tables in a real PostgreSQL, its queues, its metrics, and the endpoint we propose."""
