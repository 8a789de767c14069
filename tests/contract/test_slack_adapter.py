"""What our adapters make of Slack's answers, against a workspace that answers as Slack does."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from bot.adapters.directory import SlackDirectory
from bot.adapters.slack import Slack
from bot.adapters.slack_calls import Denied, Throttled, Unanswered, calls_made, web_client
from bot.core.errors import CountersignError, NotVouched, Refused, Unavailable, Unknown
from bot.core.place import Place
from tests.kit.slack import CHANNEL, CHANNEL_ID, PICTURE
from tests.kit.workspace import RunningWorkspace, running_workspace

MESSAGE = "00000000-0000-4000-8000-000000000001"


@pytest.fixture(scope="module")
def running() -> Iterator[RunningWorkspace]:
    with running_workspace() as workspace:
        yield workspace


@pytest.fixture
def workspace(running: RunningWorkspace) -> RunningWorkspace:
    running.control.reset()
    return running


@pytest.fixture
def slack(workspace: RunningWorkspace) -> Slack:
    return Slack(web_client(token=workspace.config.bot_token, base_url=workspace.api, timeout=30))


def post(slack: Slack, text: str = "hello", *, channel: str = CHANNEL, thread_ts: str | None = None) -> Place:
    return slack.post(channel=channel, text=text, blocks=(), thread_ts=thread_ts, message_id=MESSAGE, revision=1)


def just_now() -> datetime:
    return datetime.now(UTC) - timedelta(seconds=30)


def test_a_post_by_name_answers_with_the_channels_id(slack: Slack) -> None:
    assert post(slack).channel == CHANNEL_ID


def test_our_own_message_is_found_by_its_metadata(slack: Slack) -> None:
    place = post(slack)
    (found,) = slack.find(MESSAGE, channel_id=CHANNEL_ID, thread_ts=None, since=just_now())

    assert (found.place, found.revision, found.has_replies) == (place, 1, False)


def test_a_message_that_stands_there_twice_is_found_twice_the_older_first(slack: Slack) -> None:
    older, newer = post(slack), post(slack)
    post(slack, thread_ts=newer.ts)
    found = slack.find(MESSAGE, channel_id=CHANNEL_ID, thread_ts=None, since=just_now())

    assert [(each.place, each.has_replies) for each in found] == [(older, False), (newer, True)]


def test_an_edit_says_which_revision_it_is(slack: Slack) -> None:
    place = post(slack)
    slack.update(place, text="newer", blocks=(), message_id=MESSAGE, revision=7)
    (found,) = slack.find(MESSAGE, channel_id=CHANNEL_ID, thread_ts=None, since=just_now())

    assert found.revision == 7


def test_a_reply_is_found_in_its_thread_and_not_in_the_channel(slack: Slack) -> None:
    root = slack.post(channel=CHANNEL, text="root", blocks=(), thread_ts=None, message_id="root", revision=1)
    reply = post(slack, thread_ts=root.ts)

    (in_thread,) = slack.find(MESSAGE, channel_id=CHANNEL_ID, thread_ts=root.ts, since=just_now())
    in_channel = slack.find(MESSAGE, channel_id=CHANNEL_ID, thread_ts=None, since=just_now())

    assert in_thread.place == reply
    assert in_channel == []


def test_a_picture_lands_in_the_thread_and_is_found_by_its_name(slack: Slack) -> None:
    root = post(slack)
    slack.upload(PICTURE, filename="chart.png", title="Drift", channel_id=CHANNEL_ID, thread_ts=root.ts)

    assert slack.find_file("chart.png", channel_id=CHANNEL_ID, thread_ts=root.ts, since=just_now()) is not None
    assert slack.find_file("other.png", channel_id=CHANNEL_ID, thread_ts=root.ts, since=just_now()) is None


def test_every_call_of_a_thread_is_counted_while_somebody_asks(slack: Slack) -> None:
    root = post(slack)
    with calls_made() as made:
        slack.upload(PICTURE, filename="chart.png", title="Drift", channel_id=CHANNEL_ID, thread_ts=root.ts)
        slack.channel_id(CHANNEL)
    post(slack)

    assert made == ["files.getUploadURLExternal", "files.completeUploadExternal", "conversations.list"]


def test_a_channel_is_found_by_its_name(slack: Slack) -> None:
    assert slack.channel_id(CHANNEL) == CHANNEL_ID
    with pytest.raises(Refused, match="channel_not_found"):
        slack.channel_id("#no-such-channel")


@pytest.mark.parametrize(
    ("fault", "error"),
    [
        pytest.param({"kind": "ratelimited", "retry_after": 7}, Throttled, id="429"),
        pytest.param({"kind": "status", "status": 500}, Unknown, id="500"),
        pytest.param({"kind": "status", "status": 503}, Unknown, id="503"),
        pytest.param({"kind": "error", "code": "internal_error"}, Unknown, id="internal error"),
        pytest.param({"kind": "error", "code": "invalid_blocks"}, Denied, id="invalid blocks"),
        pytest.param({"kind": "error", "code": "not_in_channel"}, Denied, id="not in channel"),
        pytest.param({"kind": "lost_reply"}, Unanswered, id="lost reply"),
        pytest.param({"kind": "hang"}, Unanswered, id="hung up"),
    ],
)
def test_each_failure_of_a_post_says_whether_it_may_have_happened(
    workspace: RunningWorkspace, slack: Slack, fault: dict[str, object], error: type[CountersignError]
) -> None:
    kind = str(fault.pop("kind"))
    workspace.control.inject(kind, "chat.postMessage", calls=1, **fault)

    with pytest.raises(error) as raised:
        post(slack)
    assert type(raised.value) is error
    assert len(workspace.control.calls("chat.postMessage")) == 1  # nothing repeats it behind our back


def test_a_post_that_is_not_answered_in_time_may_have_happened(workspace: RunningWorkspace) -> None:
    hurried = Slack(web_client(token=workspace.config.bot_token, base_url=workspace.api, timeout=1))
    workspace.control.inject("hang", "chat.postMessage", calls=1, hold=5)

    with pytest.raises(Unanswered, match="TimeoutError"):
        post(hurried)


def test_the_pause_is_as_long_as_slack_asks(workspace: RunningWorkspace, slack: Slack) -> None:
    workspace.control.inject("ratelimited", "chat.postMessage", calls=1, retry_after=7)

    with pytest.raises(Throttled) as raised:
        post(slack)
    assert raised.value.pause == timedelta(seconds=7)


def test_where_nobody_listens_nothing_was_sent() -> None:
    nowhere = Slack(web_client(token="xoxb-x", base_url="http://127.0.0.1:9/api/", timeout=30))

    with pytest.raises(Unavailable):
        post(nowhere)


def test_no_error_text_holds_the_token(workspace: RunningWorkspace) -> None:
    secret = "xoxb-very-secret-0123456789"
    stranger = Slack(web_client(token=secret, base_url=workspace.api, timeout=30))

    with pytest.raises(Refused) as raised:
        post(stranger)
    assert secret not in str(raised.value)


class TestDirectory:
    """Who people are, and nothing that is not certain."""

    @pytest.fixture
    def directory(self, workspace: RunningWorkspace) -> SlackDirectory:
        return SlackDirectory(
            web_client(token=workspace.config.bot_token, base_url=workspace.api, timeout=30), clock=self.clock
        )

    def clock(self) -> float:
        return self.seconds

    seconds = 0.0

    def test_a_member_has_an_address_and_no_marks(self, directory: SlackDirectory) -> None:
        ana = directory.person("U0ANA")

        assert ana.email == "ana@example.com"
        assert not any((ana.is_bot, ana.is_deleted, ana.is_guest, ana.is_stranger))

    @pytest.mark.parametrize(
        ("user", "mark"),
        [("U0BOT", "is_bot"), ("U0GUEST", "is_guest"), ("U0EXT", "is_stranger"), ("U0GONE", "is_deleted")],
    )
    def test_those_who_never_approve_are_marked(self, directory: SlackDirectory, user: str, mark: str) -> None:
        assert getattr(directory.person(user), mark) is True

    def test_a_usergroup_has_its_members(self, directory: SlackDirectory) -> None:
        assert directory.members("S0ONCALL") == {"U0ANA", "U0CHI", "U0ANA2"}

    @pytest.mark.parametrize("code", ["fatal_error", "user_not_found", "missing_scope"])
    def test_no_answer_is_no_person(self, workspace: RunningWorkspace, directory: SlackDirectory, code: str) -> None:
        workspace.control.inject("error", "users.info", code=code)

        with pytest.raises(Unavailable):
            directory.person("U0ANA")

    @pytest.mark.parametrize(
        ("fault", "is_answer", "is_gone"),
        [
            pytest.param({"kind": "error", "code": "user_not_found"}, True, True, id="nobody of that id"),
            pytest.param({"kind": "error", "code": "missing_scope"}, True, False, id="not allowed to ask"),
            pytest.param({"kind": "ratelimited"}, True, False, id="a pause is asked for"),
            pytest.param({"kind": "error", "code": "fatal_error"}, False, False, id="broken"),
            pytest.param({"kind": "down"}, False, False, id="down"),
        ],
    )
    def test_a_no_is_told_from_no_answer(
        self,
        workspace: RunningWorkspace,
        directory: SlackDirectory,
        fault: dict[str, str],
        is_answer: bool,
        is_gone: bool,
    ) -> None:
        workspace.control.inject(method="users.info", **fault)

        with pytest.raises(Unavailable) as raised:
            directory.person("U0ANA")

        assert isinstance(raised.value, NotVouched) is is_answer
        assert getattr(raised.value, "is_gone", False) is is_gone

    def test_an_unknown_group_has_no_members(self, directory: SlackDirectory) -> None:
        with pytest.raises(Unavailable):
            directory.members("S0NOBODY")

    def test_people_are_remembered_for_half_a_minute_and_no_longer(
        self, workspace: RunningWorkspace, directory: SlackDirectory
    ) -> None:
        directory.person("U0ANA")
        directory.person("U0ANA")
        asked = len(workspace.control.calls("users.info"))
        self.seconds = 31.0
        directory.person("U0ANA")

        assert asked == 1
        assert len(workspace.control.calls("users.info")) == 2

    def test_a_usergroup_is_remembered_as_long_and_then_has_nobody_while_it_cannot_be_read(
        self, workspace: RunningWorkspace, directory: SlackDirectory
    ) -> None:
        directory.members("S0ONCALL")
        workspace.control.inject("error", "usergroups.users.list", code="fatal_error")

        self.seconds = 29.0
        remembered = directory.members("S0ONCALL")
        self.seconds = 31.0

        assert "U0ANA" in remembered
        with pytest.raises(Unavailable):
            directory.members("S0ONCALL")
