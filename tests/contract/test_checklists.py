"""A checklist keeps who did what; a step before its turn is warned of, and all of it stands in audit and export."""

from collections.abc import Iterator

import pytest

from bot.core.canonical import sha256
from bot.desk import Cause, Declined, Ticked, tick
from bot.engine.checklist import Checklist, Tick, item_of, skipped
from bot.engine.runbook import Runbook
from bot.export.bundle import bundle
from bot.export.page import page
from bot.export.rows import gather
from bot.store import contents, ticks
from bot.store.database import Database
from tests.kit.slack_app import SlackBot, blocks_of, running_slack_bot
from tests.kit.story import RUNBOOK, Story, catalog, tell
from tests.kit.trust import APPROVER, INCIDENT, REQUESTER, Office, runbook
from tests.kit.waiting import eventually

STEPS = ("Look at the row", "Mend the handler", "Replay it")
ORDERED = {"checklist": {"steps": list(STEPS), "ordered": True}}
ANA, CHI = "U0ANA", "U0CHI"


def with_steps() -> Runbook:
    return runbook().model_copy(update={"checklist": Checklist(steps=STEPS, ordered=True)})


@pytest.fixture
def office(database: Database) -> Office:
    made = Office(database=database, runbook=with_steps())
    made.open_incident()
    return made


def done(office: Office, step: str, *, person: str = REQUESTER, is_done: bool = True) -> Ticked | Declined:
    return tick(office.desk, person=person, incident_id=INCIDENT, item=item_of(step), is_done=is_done)


def kept(office: Office) -> dict[str, Tick]:
    with office.database.read() as conn:
        return dict(ticks.of_incident(conn, INCIDENT))


def test_a_step_in_its_turn_is_kept_with_who_and_when(office: Office) -> None:
    answer = done(office, STEPS[0])

    assert answer == Ticked(id=INCIDENT, number=1)
    assert kept(office) == {item_of(STEPS[0]): Tick(person=REQUESTER, at=office.at)}
    assert office.shown.incidents[-1] == INCIDENT


def test_a_step_before_its_turn_is_kept_and_names_the_one_it_passed_over(office: Office) -> None:
    done(office, STEPS[0])

    answer = done(office, STEPS[2], person=APPROVER)

    assert answer == Ticked(id=INCIDENT, number=3, skipped=(2, STEPS[1]))
    assert kept(office)[item_of(STEPS[2])].skipped == 2
    assert [each.content for each in office.audited("checklist.ticked")] == [
        {"number": 1, "step": STEPS[0]},
        {"number": 3, "step": STEPS[2], "skipped": 2},
    ]


def test_a_tick_can_be_taken_back_and_twice_is_once(office: Office) -> None:
    for is_done in (True, True, False, False):
        done(office, STEPS[0], is_done=is_done)

    assert kept(office) == {}
    assert [each.kind for each in (*office.audited("checklist.ticked"), *office.audited("checklist.reopened"))] == [
        "checklist.ticked",
        "checklist.reopened",
    ]


def test_what_is_no_step_of_it_is_declined(office: Office) -> None:
    answers = [
        done(office, "Delete the table"),
        tick(office.desk, person=REQUESTER, incident_id="nowhere", item=item_of(STEPS[0]), is_done=True),
    ]

    assert [each.why for each in answers if isinstance(each, Declined)] == [Cause.NOT_OFFERED, Cause.NOT_FOUND]
    assert kept(office) == {}


def test_where_the_order_does_not_matter_nothing_is_passed_over() -> None:
    assert skipped(Checklist(steps=STEPS), item_of(STEPS[2]), {}) is None
    assert Runbook.model_validate({**RUNBOOK, "checklist": list(STEPS)}).points == Checklist(steps=STEPS)
    assert Runbook.model_validate(RUNBOOK).points is None


def test_the_export_tells_who_did_which_step(database: Database) -> None:
    def give_it_steps(story: Story) -> None:
        story.catalog = catalog({**RUNBOOK, **ORDERED})
        with database.begin() as conn:
            contents.keep(conn, revision=story.catalog.revision, files=story.catalog.files, now=story.at)

    story, incident_id = tell(database, change=give_it_steps)
    tick(story.desk, person=APPROVER, incident_id=incident_id, item=sha256(STEPS[1])[:16], is_done=True)

    with database.read() as conn:
        document = bundle(gather(conn, incident_id))

    steps = document["checklist"]
    assert isinstance(steps, list)
    assert [(each["step"], each["done_by"], each["before_step"]) for each in steps if isinstance(each, dict)] == [
        (STEPS[0], None, None),
        (STEPS[1], APPROVER, 1),
        (STEPS[2], None, None),
    ]
    assert f"done by {APPROVER}" in page(document)


@pytest.fixture
def bot(database: Database) -> Iterator[SlackBot]:
    with running_slack_bot(database, runbook=with_steps()) as running:
        running.open_incident()
        yield running


def checklist_of(bot: SlackBot) -> dict[str, object]:
    return next(each for each in bot.replies() if each["text"] == "Checklist")


def test_in_slack_a_step_is_ticked_by_its_button_and_whoever_passes_one_over_is_told_alone(bot: SlackBot) -> None:
    control = bot.workspace.control
    assert "Checklist, in this order" in blocks_of(checklist_of(bot))

    control.click(ANA, checklist_of(bot), "tick:3", value=f"{INCIDENT}:{item_of(STEPS[2])}")

    assert bot.shows("1 of 3 done")
    assert bot.shows("before step 1")
    assert eventually(lambda: any("step 1 before it is open" in each for each in bot.told(ANA)))
    assert bot.told(CHI) == []
    control.click(CHI, checklist_of(bot), "untick:3", value=f"{INCIDENT}:{item_of(STEPS[2])}")
    assert eventually(lambda: not bot.shows("1 of 3 done", within=0.1))
    assert len([each for each in bot.replies() if each["text"] == "Checklist"]) == 1
