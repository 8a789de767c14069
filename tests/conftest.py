"""Fixtures that every kind of test may ask for."""

from hypothesis import HealthCheck, settings

from tests.kit.databases import database, database_url, postgresql, sqlite_database, sqlite_template

__all__ = ["database", "database_url", "postgresql", "sqlite_database", "sqlite_template"]

# A machine that is busy with something else makes an example slow, not wrong.
settings.register_profile("busy", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("busy")
