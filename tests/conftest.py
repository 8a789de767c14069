"""Fixtures that every kind of test may ask for."""

from hypothesis import HealthCheck, settings

from tests.kit.databases import database, database_url, postgresql, sqlite_database, sqlite_template

__all__ = ["database", "database_url", "postgresql", "sqlite_database", "sqlite_template"]

# A machine that is busy with something else makes an example slow, not wrong; and a change is not to fail for an
# example that another run would not have drawn. To look for new ones: pytest --hypothesis-profile=explore.
settings.register_profile(
    "steady", deadline=None, max_examples=50, derandomize=True, suppress_health_check=[HealthCheck.too_slow]
)
settings.register_profile("explore", settings.get_profile("steady"), max_examples=1000, derandomize=False)
settings.load_profile("steady")
