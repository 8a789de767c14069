"""Fixtures that every kind of test may ask for."""

from tests.kit.databases import database, database_url, postgresql, sqlite_database, sqlite_template

__all__ = ["database", "database_url", "postgresql", "sqlite_database", "sqlite_template"]
