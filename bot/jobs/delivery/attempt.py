"""One attempt to bring one message in Slack to its revision: post, edit or upload, and look before posting twice."""

import html
import logging
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from bot.adapters.slack import Blocks, Found
from bot.core.errors import Refused
from bot.core.place import Place
from bot.jobs.delivery import limits
from bot.jobs.delivery.troubles import Means, meaning
from bot.slack.blocks.degrade import is_cut, is_cut_table, simpler
from bot.slack.blocks.layout import Post
from bot.slack.blocks.notes import noted
from bot.slack.calling import is_for_all
from bot.slack.text import Safe
from bot.store.messages import Message
from bot.store.sending import Due, Sending

log = logging.getLogger(__name__)

WHOLE = "whole"
"""Subject of a file that holds what did not fit into a message: `whole:<message>`."""


_ENDINGS = {WHOLE: "txt", "table": "csv"}


class Workspace(Protocol):
    """What delivery asks of Slack; see `bot.adapters.slack.Slack`, which also says what each raises."""

    def post(
        self,
        *,
        channel: str,
        text: str,
        blocks: Blocks,
        thread_ts: str | None,
        message_id: str,
        revision: int,
        is_for_all: bool = False,
    ) -> Place: ...

    def update(self, place: Place, *, text: str, blocks: Blocks, message_id: str, revision: int) -> None: ...

    def delete(self, place: Place) -> None: ...

    def find(self, message_id: str, *, channel_id: str, thread_ts: str | None, since: datetime) -> Sequence[Found]: ...

    def upload(self, picture: bytes, *, filename: str, title: str, channel_id: str, thread_ts: str | None) -> None: ...

    def find_file(self, filename: str, *, channel_id: str, thread_ts: str | None, since: datetime) -> Place | None: ...

    def channel_id(self, channel: str) -> str: ...


Picture = Callable[[Message], bytes | None]
"""Makes the file of a message, a chart or a table; None when there is nothing to make."""


def methods(due: Due) -> list[str]:
    """The methods an attempt will call, as far as that is known before."""
    if due.is_posted:
        return [limits.UPDATE]
    look = [limits.REPLIES if due.is_reply else limits.HISTORY] if due.is_unsure else []
    return [*look, *([limits.GET_UPLOAD, limits.COMPLETE_UPLOAD] if due.is_picture else [limits.POST])]


@dataclass(frozen=True, kw_only=True, slots=True)
class Reached:
    """What Slack shows after an attempt: where, None when that is not needed; and an older `revision`, if found so."""

    place: Place | None
    revision: int | None = None


class TooEarly(Exception):
    """An earlier post of it may still appear: nothing is posted before `until`."""

    def __init__(self, until: datetime) -> None:
        self.until = until
        super().__init__(f"not before {until.isoformat()}")


class Attempt:
    """One attempt to bring one message to its revision.

    `is_unsure` while an earlier attempt may have posted it; `trouble` is why it had to be said in a simpler way, and
    `is_cut` says that part of it found no room even so. `notes` are said with it this time, and not the next.
    """

    def __init__(
        self,
        sending: Sending,
        *,
        workspace: Workspace,
        picture: Picture,
        channel_id: Callable[[str], str],
        now: datetime,
        notes: Sequence[Safe] = (),
    ) -> None:
        self.sending = sending
        self.is_unsure = sending.is_unsure
        self.trouble: str | None = None
        self.is_cut = False
        self._notes = notes
        self._message = sending.message
        self._workspace = workspace
        self._picture = picture
        self._channel_id = channel_id
        self._now = now

    def carry_out(self) -> Reached:
        """Bring it to its revision, or find it there; raises TooEarly when it must not be posted yet."""
        message = self._message
        if message.image_title is not None:
            return self._upload(message.image_title)
        if message.slack_ts is not None and message.slack_channel is not None:
            return self._update(Place(channel=message.slack_channel, ts=message.slack_ts))
        found = self._look_up() if self.is_unsure else None
        if found is not None:  # what it should say now is an edit, with a token of its own
            return Reached(place=found.place, revision=found.revision)
        self._wait_for_late_ones()
        return self._first_taken(self._post)

    def _wait_for_late_ones(self) -> None:
        until = self._message.unsure_until
        if until is not None and self._now < until:
            raise TooEarly(until)

    def _look_up(self) -> Found | None:
        """The message as an earlier attempt may have left it in Slack, the first time it was."""
        since = self.sending.unsure_since
        assert since is not None
        with self._looking():
            found = self._workspace.find(
                self._message.id, channel_id=self._where(), thread_ts=self._thread_ts(), since=since
            )
            return found[0] if found else None
        return None

    @contextmanager
    def _looking(self) -> Iterator[None]:
        try:
            yield
        except Refused as error:
            if meaning(error.why) in {Means.THREAD_ANEW, Means.ELSEWHERE}:
                raise
            # We may not look (a scope, an invitation). An incident said twice is better than one not said.
            log.warning("message.not_looked_up", extra={"message_id": self._message.id, "error": error.why})
        self.is_unsure = False

    def _post(self, post: Post) -> Place:
        root = self.sending.root
        return self._workspace.post(
            channel=root.channel if root else self._message.channel,
            text=post.text,
            blocks=post.blocks,
            thread_ts=self._thread_ts(),
            message_id=self._message.id,
            revision=self._message.revision,
            is_for_all=is_for_all(self._message.subject),
        )

    def _update(self, place: Place) -> Reached:
        def send(post: Post) -> Place:
            self._workspace.update(
                place,
                text=post.text,
                blocks=post.blocks,
                message_id=self._message.id,
                revision=self._message.revision,
            )
            return place

        return self._first_taken(send)

    def _first_taken(self, send: Callable[[Post], Place]) -> Reached:
        """Send it as it should look or, if Slack refuses that, in the best simpler way it takes."""
        text, blocks = Safe(self._message.text), tuple(self._message.blocks)
        *better, last = Post(text=text, blocks=blocks), *simpler(text, blocks)
        for post in better:
            try:
                place = send(noted(post, self._notes))
            except Refused as error:
                if meaning(error.why) is not Means.SIMPLER:
                    raise
                self.trouble = error.why
                log.warning("message.simplified", extra={"message_id": self._message.id, "error": error.why})
            else:
                self.is_cut = self.trouble is not None and is_cut_table(blocks)
                return Reached(place=place)
        self.is_cut = is_cut(text, blocks)
        return Reached(place=send(noted(last, self._notes)))

    def _upload(self, title: str) -> Reached:
        kind = self._message.subject.partition(":")[0]
        is_text = kind == WHOLE
        filename = f"{self._message.id}.{_ENDINGS.get(kind, 'png')}"
        if self.is_unsure and (found := self._look_up_file(filename)) is not None:
            return Reached(place=found)
        self._wait_for_late_ones()
        picture = html.unescape(self._message.text).encode() if is_text else self._picture(self._message)
        if picture is not None:
            self._workspace.upload(
                picture, filename=filename, title=title, channel_id=self._where(), thread_ts=self._thread_ts()
            )
        return Reached(place=None)

    def _look_up_file(self, filename: str) -> Place | None:
        since = self.sending.unsure_since
        assert since is not None
        with self._looking():
            return self._workspace.find_file(
                filename, channel_id=self._where(), thread_ts=self._thread_ts(), since=since
            )
        return None

    def _where(self) -> str:
        return self.sending.root.channel if self.sending.root else self._channel_id(self._message.channel)

    def _thread_ts(self) -> str | None:
        return self.sending.root.ts if self.sending.root else None
