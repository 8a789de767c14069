"""How the content files of a revision defined a question or an action, in the words of their author."""

from collections.abc import Mapping, Sequence
from typing import Any

import yaml

from bot.core.egress import masked
from bot.core.ports import Json


class Definitions:
    """Reads the files of each revision; what is not kept, or can no longer be read, is not defined."""

    def __init__(self, files: Mapping[str, Mapping[str, str]]) -> None:
        self._files = files

    def questions(self, revision: str, runbook: str) -> Mapping[str, Json]:
        """The questions of a runbook, by id."""
        return self._part("diagnose", revision, runbook)

    def actions(self, revision: str, runbook: str) -> Mapping[str, Json]:
        """The actions of a runbook, by id."""
        return self._part("actions", revision, runbook)

    def checklist(self, revision: str, runbook: str) -> Sequence[str]:
        """The steps of a runbook's checklist, whichever way it is written."""
        found = self._document(revision, runbook).get("checklist")
        steps = found.get("steps") if isinstance(found, dict) else found
        return [step for step in steps or () if isinstance(step, str)]

    def _part(self, part: str, revision: str, runbook: str) -> Mapping[str, Json]:
        items = self._document(revision, runbook).get(part)
        known = [item for item in items or () if isinstance(item, dict) and isinstance(item.get("id"), str)]
        return {item["id"]: masked(item) for item in known}

    def _document(self, revision: str, runbook: str) -> Mapping[str, Any]:
        text = self._files.get(revision, {}).get(f"runbooks/{runbook}.yml", "")
        try:
            # Every value stays the text its author wrote: no dates, no numbers, no objects.
            document = yaml.load(text, Loader=yaml.BaseLoader)  # noqa: S506 - it builds texts, lists and maps only
        except yaml.YAMLError:
            return {}
        return document if isinstance(document, dict) else {}
