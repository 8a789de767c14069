"""Says how things stand: builds each message anew from its rows, and orders its delivery when it really changed."""

from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial

from sqlalchemy import Connection

from bot.desk.matter import matter_of
from bot.engine import canary
from bot.engine.incident import Incident
from bot.engine.request import State
from bot.slack import evidence_view, incident_view, reading
from bot.slack.blocks.broken import broken
from bot.slack.blocks.call import call
from bot.slack.blocks.card import card
from bot.slack.blocks.checklist import checklist
from bot.slack.blocks.evidence import evidence
from bot.slack.blocks.layout import Post
from bot.slack.blocks.root import root
from bot.slack.blocks.storm import storm_message
from bot.slack.calling import calls
from bot.slack.canary import canary_message
from bot.slack.canary import subject as canary_subject
from bot.slack.links import Elsewhere
from bot.slack.policy_view import broken_view
from bot.slack.reading import Case, ContentsOf
from bot.slack.request_view import card_view, request_lines
from bot.slack.storm_view import storm_view
from bot.slack.text import safe
from bot.store import diagnoses, messages, orders, requests, storms, ticks
from bot.store.messages import Message
from bot.store.work import Enqueue

_TICK = timedelta(microseconds=1)


class Presenter:
    """Implements `bot.store.work.Show`."""

    def __init__(
        self,
        *,
        contents: ContentsOf,
        enqueue: Enqueue,
        new_id: Callable[[], str],
        break_glass: bool = True,
        can_silence: bool = False,
        elsewhere: Elsewhere = Elsewhere(),  # noqa: B008 - frozen
    ) -> None:
        self._contents = contents
        self._enqueue = enqueue
        self._new_id = new_id
        self._break_glass = break_glass
        self._can_silence = can_silence
        self._elsewhere = elsewhere

    def incident(self, conn: Connection, incident_id: str, now: datetime) -> None:
        """The root message, and the cards that wait for votes: they say when the alert has calmed down."""
        incident = reading.incident(conn, incident_id)
        if incident.event == canary.EVENT or storms.holding(conn, incident_id) is not None:
            return  # the canary's message, or a storm's, stands for it
        top = self._root(conn, incident, now)
        for request in requests.of_incident(conn, incident_id):
            if matter_of(conn, request).request.state is State.OPEN:
                self._card(conn, incident, request.id, top=top, now=now)

    def diagnosis(self, conn: Connection, incident_id: str, number: int, now: datetime) -> None:
        """Evidence, charts and checklist in the thread, and the root's conclusions."""
        incident = reading.incident(conn, incident_id)
        if incident.event == canary.EVENT:
            self._canary(conn, incident, number, now)
            return
        if storms.holding(conn, incident_id) is not None:
            return
        top = self._root(conn, incident, now)
        asked = diagnoses.get(conn, incident_id, number)
        content = asked.content if asked else incident.content
        case = reading.case(conn, incident_id, self._contents, diagnosis=asked, content=content)
        found = evidence_view.evidence_view(case, self._elsewhere)
        if found is None:
            return
        in_thread = partial(self._hold, conn, incident, thread_of=top.id)
        said, filed = evidence(found)
        self._say(conn, in_thread(f"evidence:{incident_id}:{number}", now=now), said, now)
        files = [*(("table", each) for each in filed), *(("chart", each) for each in evidence_view.charted(case))]
        for at, (kind, question) in enumerate(files, start=1):
            title = evidence_view.title(case, question)
            # A moment apart each, for a thread is delivered in the order its messages were made.
            subject, moment = f"{kind}:{incident_id}:{number}:{question}", now + _TICK * at
            file = in_thread(subject, now=moment, image_title=title)
            self._say(conn, file, Post(text=safe(title), blocks=()), now)
        self._checklist(conn, case, top=top, now=now)

    def checklist(self, conn: Connection, incident_id: str, now: datetime) -> None:
        """The checklist, and what is done of it."""
        incident = reading.incident(conn, incident_id)
        if storms.holding(conn, incident_id) is not None:
            return
        top = self._root(conn, incident, now)
        latest = diagnoses.latest(conn, incident_id)
        content = latest.content if latest else incident.content
        case = reading.case(conn, incident_id, self._contents, diagnosis=latest, content=content)
        self._checklist(conn, case, top=top, now=now)

    def _checklist(self, conn: Connection, case: Case, *, top: Message, now: datetime) -> None:
        points = incident_view.checklist_view(case, ticks.of_incident(conn, case.incident.id))
        if points is None:
            return
        subject, last = f"checklist:{case.incident.id}", now + _TICK * 1000
        held = self._hold(conn, case.incident, subject, thread_of=top.id, now=last)
        self._say(conn, held, checklist(points), now)

    def request(self, conn: Connection, request_id: str, now: datetime) -> None:
        """The card of one request, and its line in the root message."""
        asked = requests.get(conn, request_id)
        if asked is None:
            return
        incident = reading.incident(conn, asked.incident_id)
        self.thread(conn, incident.id, now)  # people decide about it: that does not wait for a storm to end
        top = self._root(conn, incident, now)
        self._card(conn, incident, request_id, top=top, now=now)
        if asked.original_id is not None:
            # Its card offers the undo only while nobody has asked for it.
            self._card(conn, incident, asked.original_id, top=top, now=now)
        case = reading.case(conn, incident.id, self._contents, diagnosis=None, content=asked.content)
        alone = broken_view(conn, asked, case)
        if alone is not None:
            loud = self._hold(conn, incident, f"broken:{request_id}", thread_of=None, now=now + _TICK)
            self._say(conn, loud, broken(alone), now)

    def thread(self, conn: Connection, incident_id: str, now: datetime) -> bool:
        """Tell an incident by itself that a storm's message stood for, with what was found out meanwhile."""
        if not storms.open_thread(conn, incident_id, now=now):
            return False
        latest = diagnoses.latest(conn, incident_id)
        if latest is None:
            self.incident(conn, incident_id, now)
        else:
            self.diagnosis(conn, incident_id, latest.number, now)
        # What was composed before the storm may say all there is to say.
        self._enqueue(conn, orders.deliver(reading.incident(conn, incident_id).channel, now))
        return True

    def storm(self, conn: Connection, storm_id: str, now: datetime) -> None:
        """The message that stands for many incidents of a channel."""
        storm = storms.get(conn, storm_id)
        if storm is None:
            return
        held = messages.hold(
            conn,
            subject=f"storm:{storm_id}",
            message_id=self._new_id(),
            incident_id=None,
            channel=storm.channel,
            thread_of=None,
            now=now,
        )
        self._say(conn, held, storm_message(storm_view(conn, storm, self._contents)), now)

    def _canary(self, conn: Connection, incident: Incident, number: int, now: datetime) -> None:
        found = diagnoses.get(conn, incident.id, number)
        held = messages.hold(
            conn,
            subject=canary_subject(incident.channel),
            message_id=self._new_id(),
            incident_id=None,
            channel=incident.channel,
            thread_of=None,
            now=now,
        )
        self._say(conn, held, canary_message(conn, diagnosed_at=found.finished_at if found else None), now)

    def _card(self, conn: Connection, incident: Incident, request_id: str, *, top: Message, now: datetime) -> None:
        held = self._hold(conn, incident, f"request:{request_id}", thread_of=top.id, now=now)
        request = requests.get(conn, request_id)
        assert request is not None  # requests are never deleted
        latest = diagnoses.latest(conn, incident.id)
        case = reading.case(conn, incident.id, self._contents, diagnosis=latest, content=request.content)
        self._say(conn, held, card(card_view(conn, request, case, now, break_glass=self._break_glass)), now)

    def _root(self, conn: Connection, incident: Incident, now: datetime) -> Message:
        """Lock the root message, then say how the incident stands.

        Every change of an incident's messages begins with this lock: so no two wait for each other, and what is read
        after it holds every change that was shown before.
        """
        held = self._hold(conn, incident, f"root:{incident.id}", thread_of=None, now=now)
        fresh = reading.incident(conn, incident.id)
        latest = diagnoses.latest(conn, incident.id)
        newest = diagnoses.get(conn, incident.id, fresh.diagnoses)
        under_way = newest if newest and not (latest and latest.number == newest.number) else None
        content = latest.content if latest else fresh.content
        case = reading.case(conn, incident.id, self._contents, diagnosis=latest, content=content)
        view = incident_view.root_view(
            conn,
            case,
            under_way=under_way,
            requests=request_lines(conn, case),
            can_silence=self._can_silence,
            elsewhere=self._elsewhere,
        )
        self._say(conn, held, root(view), now)
        for subject, told in calls(conn, case):
            once = self._hold(conn, incident, subject, thread_of=held.id, now=now)
            if once.revision == 0:
                self._say(conn, once, call(told), now)
        return held

    def _hold(
        self,
        conn: Connection,
        incident: Incident,
        subject: str,
        *,
        thread_of: str | None,
        now: datetime,
        image_title: str | None = None,
    ) -> Message:
        return messages.hold(
            conn,
            subject=subject,
            message_id=self._new_id(),
            incident_id=incident.id,
            channel=incident.channel,
            thread_of=thread_of,
            now=now,
            image_title=image_title,
        )

    def _say(self, conn: Connection, message: Message, post: Post, now: datetime) -> None:
        changed = messages.say(conn, message, text=post.text, blocks=post.blocks, now=now)
        if changed is not None and changed.storm_id is None:
            self._enqueue(conn, messages.delivery(changed))
