"""Makes the file that a message is, when it is uploaded and not before: drawing has no place in a transaction."""

from bot.adapters.charts import png
from bot.core.evidence import Answer, Shown
from bot.slack.reading import ContentsOf
from bot.slack.sheet import sheet
from bot.store import diagnoses, incidents
from bot.store.database import Database
from bot.store.messages import Message


class Pictures:
    """Calls with a message of subject `chart:…` or `table:<incident>:<number>:<question>`; gives PNG or CSV.

    None if there is nothing to draw.
    """

    def __init__(self, *, database: Database, contents: ContentsOf) -> None:
        self._database = database
        self._contents = contents

    def __call__(self, message: Message) -> bytes | None:
        kind, incident_id, number, question = message.subject.split(":", 3)
        with self._database.read() as conn:
            diagnosis = diagnoses.get(conn, incident_id, int(number))
            incident = incidents.get(conn, incident_id)
        evidence = diagnosis.evidence.get(question) if diagnosis else None
        if not isinstance(evidence, Answer) or incident is None:
            return None
        if kind == "table":
            return sheet(evidence)
        if not any(line.points for line in evidence.series):
            return None
        return png(
            evidence.series,
            title=message.image_title or question,
            shown=_class_of_value(evidence),
            alert_at=incident.started_at,
        )


def _class_of_value(answer: Answer) -> Shown:
    """What the line's numbers are: the class of the answer's `value`."""
    return next((column.shown for column in answer.table.columns if column.name == "value"), Shown.NUMBER)
