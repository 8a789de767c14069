"""The one name for a JSON object that travels through the workspace unread.

Blocks, views and payloads are documents: the workspace checks them at the door (`validate`), stores them and hands
them back. It never reaches into them for meaning, so a recursive type would add casts and no safety.
"""

from typing import Any, TypeAlias

JsonObject: TypeAlias = dict[str, Any]
