"""`check` and `stripe`: one question, one object; the answer comes when it is there."""

from collections.abc import Mapping

from slack_sdk.models.blocks import Block

from bot.core.errors import BadInput
from bot.core.evidence import Evidence, Failure, Table
from bot.desk.desk import Contents
from bot.engine.by_hand import checked, wanted_by
from bot.engine.scheduled import Check as Timed
from bot.engine.stripe_objects import Lookup, lookup_of, prefixes
from bot.slack.blocks.answer import question, read
from bot.slack.blocks.layout import first_that_fits, section
from bot.slack.commands import naming, words
from bot.slack.commands.ports import Inquiring
from bot.slack.commands.said import Said, Unclear
from bot.slack.text import Safe, joined, safe
from bot.slack.views import Asked as Evident
from bot.slack.words import label

_SIZES = (40, 20, 10, 5, 3, 1)  # rows


def check(
    inquiry: Inquiring,
    contents: Contents,
    *,
    name: str,
    pairs: Mapping[str, str],
    incident_id: str | None,
    within: str | None,
) -> Said:
    """Ask one question of a runbook; in an incident's thread with what the incident knows. Raises Unclear."""
    timed = naming.timed(contents, name)
    if timed is not None:
        return _timed(inquiry, *timed)
    found = naming.check(contents, name, within=within)
    params = found.book.runbook.params
    naming.keys(pairs, params, of=found.book.name)
    try:
        given = checked(params, pairs)
    except BadInput as error:
        raise Unclear(safe(error)) from error

    def ask() -> Said:
        evidence = inquiry.question(
            system=found.book.system,
            runbook=found.book.name,
            question=found.question.id,
            given=given,
            incident_id=incident_id if within == found.book.name else None,
        )
        lacking = [each for each in wanted_by(found.question, found.book.runbook) if each not in given]
        hint = words.give(lacking) if isinstance(evidence, Failure) else Safe("")
        title = found.question.title or label(found.question.id)
        return _answer(title, evidence, head=words.asked_check(found.name, given), hint=hint)

    return Said(text=words.ASKING, may_share=False, then=ask)


def _timed(inquiry: Inquiring, system: str, found: Timed) -> Said:
    name = f"{system}/{found.id}"

    def ask() -> Said:
        evidence = inquiry.check(system=system, check=found.id)
        return _answer(found.title or label(found.id), evidence, head=words.asked_check(name, {}), hint=Safe(""))

    return Said(text=words.ASKING, may_share=False, then=ask)


def stripe(inquiry: Inquiring, object_id: str | None) -> Said:
    """Look an object up by its id. Raises Unclear when no kind of object has such ids."""
    if object_id is None:
        raise Unclear(words.WHICH_OBJECT)
    lookup = lookup_of(object_id)
    if lookup is None:
        prefix = f"{object_id.partition('_')[0]}_" if "_" in object_id else object_id
        naming.unknown("kind of Stripe id", prefix, prefixes())
    return Said(text=words.ASKING, may_share=False, then=lambda: _looked_up(inquiry, object_id, lookup))


def _looked_up(inquiry: Inquiring, object_id: str, lookup: Lookup) -> Said:
    """The first account that has it; else what each of them said."""
    told = []
    for system, evidence in inquiry.stripe(object_id, lookup):
        title = words.stripe_title(lookup.kind, object_id, system=system)
        said = _answer(title, _without_blanks(evidence), hint=words.THIRTY_DAYS if lookup.is_kept_30_days else Safe(""))
        if not isinstance(evidence, Failure):
            return said
        told.append(said)
    if not told:
        return Said(text=words.NO_STRIPE)
    return Said(text=joined((each.text for each in told), "\n"), blocks=tuple(b for each in told for b in each.blocks))


def _without_blanks(evidence: Evidence) -> Evidence:
    """An object has many fields, and most say nothing."""
    if isinstance(evidence, Failure) or len(evidence.table.rows) != 1:
        return evidence
    row = evidence.table.rows[0]
    kept = [at for at, cell in enumerate(row) if cell is not None]
    columns = tuple(evidence.table.columns[at] for at in kept)
    table = Table(columns=columns, rows=(tuple(row[at] for at in kept),))
    return evidence.model_copy(update={"table": table})


def _answer(title: str, evidence: Evidence, *, head: Safe | None = None, hint: Safe) -> Said:
    is_failure = isinstance(evidence, Failure)
    found = read(Evident(id="answer", title=title, evidence=evidence), rows=_SIZES[0])

    def render(rows: int) -> list[Block]:
        first = [section(head)] if head else []
        last = [section(hint)] if hint and is_failure else []
        return [*first, *question(found, rows=rows, as_table=found.wants_table), *last]

    text = joined((head or Safe(""), safe(title), hint if is_failure else Safe("")), " ")
    return Said(text=text, blocks=first_that_fits(render, _SIZES))
