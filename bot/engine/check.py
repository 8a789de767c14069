"""What one file alone cannot tell: whether the files agree with each other, and every name leads somewhere."""

from collections.abc import Mapping

from bot.core.errors import ContentError, ContentErrors
from bot.engine.catalog import Catalog, Parsed, parse


def checked(files: Mapping[str, str]) -> Catalog:
    """The catalog of these files. Raises ContentErrors with everything that is wrong with them."""
    parsed = parse(files)
    if findings := content(parsed):
        raise ContentErrors(findings)
    return parsed.catalog


def content(parsed: Parsed) -> list[ContentError]:
    """Everything that is wrong with the rules and runbooks."""
    return list(parsed.findings)
