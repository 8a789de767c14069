"""What the Home shows to one person: open incidents, the requests that wait for them, what is stopped."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection

from bot.core.errors import CountersignError
from bot.desk import Desk, people
from bot.desk.answer import declined
from bot.desk.matter import Matter, waiting
from bot.desk.policy import policy_of
from bot.engine.approval import Why, eligible, standing
from bot.engine.request import Request
from bot.slack import reading
from bot.slack.answer_views import OpenIncident
from bot.slack.commands.lists import open_incidents
from bot.slack.switch_view import listed
from bot.slack.switch_views import SwitchView
from bot.store import finding, incidents


@dataclass(frozen=True, kw_only=True, slots=True)
class Waiting:
    """A request this person may vote on; `says` is what its preview said."""

    id: str
    digest: str
    label: str
    title: str
    requester: str
    says: str
    targets: int
    place: tuple[str, str] | None
    expires_at: datetime | None


@dataclass(frozen=True, kw_only=True, slots=True)
class HomeView:
    """`refused` says why this person is shown nothing else."""

    incidents: tuple[OpenIncident, ...] = ()
    waiting: tuple[Waiting, ...] = ()
    others: int = 0  # requests that wait for somebody else
    switches: tuple[SwitchView, ...] = ()
    refused: str | None = None


def home_view(desk: Desk, person_id: str) -> HomeView:
    """As things stand; the directory is asked, so no transaction is open meanwhile."""
    person = people.person(desk.directory, person_id)
    why = Why.UNCERTAIN if person is None else standing(person)
    if why is not None:
        return HomeView(refused=declined(why).say)
    with desk.database.read() as conn:
        asked = waiting(conn)
    mine = [each.request for each in asked if _waits_for(desk, each, person_id)]
    with desk.database.read() as conn:
        return HomeView(
            incidents=tuple(open_incidents(conn)),
            waiting=tuple(_waiting(conn, desk, mine)),
            others=len(asked) - len(mine),
            switches=listed(conn, desk.contents(desk.revision()).systems).engaged,
        )


def _waits_for(desk: Desk, matter: Matter, person_id: str) -> bool:
    request, policy = matter.request, policy_of(desk, matter.request)
    has_decided = person_id == matter.resumer or any(vote.person == person_id for vote in matter.votes)
    if policy is None or has_decided:
        return False
    both = (person_id, request.requester)
    known = people.voters(
        desk.directory, both, policy.groups, system=policy.system, no_member={request.requester} - {person_id}
    )
    voter, requester = known.get(person_id), known.get(request.requester)
    return voter is not None and requester is not None and eligible(voter, requester=requester) is None


def _waiting(conn: Connection, desk: Desk, mine: list[Request]) -> Iterator[Waiting]:
    for each in mine:
        incident = incidents.get(conn, each.incident_id)
        try:
            label = reading.label(desk.contents, each)
        except CountersignError:
            continue
        yield Waiting(
            id=each.id,
            digest=each.digest or "",
            label=label,
            title=incident.title if incident else "",
            requester=each.requester,
            says=(each.preview.say or "") if each.preview else "",
            targets=len(each.targets.ids) if each.targets else 0,
            place=finding.place_of(conn, each.incident_id),
            expires_at=each.expires_at,
        )
