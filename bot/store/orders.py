"""The jobs by name: what is enqueued, in which queue, under which id."""

from dataclasses import replace
from datetime import datetime, timedelta

from sqlalchemy import Connection

from bot.store import leases
from bot.store.work import Job, JobState, Queue

_NOW = timedelta(0)


def diagnose(incident_id: str, number: int) -> Job:
    return Job(
        queue=Queue.DIAGNOSE,
        handler="diagnose",
        id=f"diagnose:{incident_id}:{number}",
        args=(incident_id, str(number)),
    )


def prepare(request_id: str) -> Job:
    return Job(queue=Queue.DIAGNOSE, handler="prepare", id=f"prepare:{request_id}", args=(request_id,))


def expire(request_id: str, *, after: timedelta = _NOW) -> Job:
    return Job(queue=Queue.EXECUTE, handler="expire", id=f"expire:{request_id}", args=(request_id,), delay=after)


def execute(request_id: str) -> Job:
    return Job(queue=Queue.EXECUTE, handler="execute", id=f"execute:{request_id}", args=(request_id,))


def resume(request_id: str, number: int) -> Job:
    """Goes on with an execution that had ended, once its `number`th resumption is approved."""
    return Job(
        queue=Queue.EXECUTE, handler="resume", id=f"resume:{request_id}:{number}", args=(request_id, str(number))
    )


def lapse(request_id: str, number: int, *, after: timedelta = _NOW) -> Job:
    """Ends a resumption that got no answer in time."""
    job_id = f"lapse:{request_id}:{number}"
    return Job(queue=Queue.EXECUTE, handler="lapse", id=job_id, args=(request_id, str(number)), delay=after)


def look_up(request_id: str, number: int, *, after: timedelta = _NOW) -> Job:
    """Asks the target about the `number`th call of an execution."""
    return Job(
        queue=Queue.EXECUTE,
        handler="execute",
        id=f"look-up:{request_id}:{number}",
        args=(request_id,),
        delay=after,
    )


def go_on(request_id: str, now: datetime, *, after: timedelta = _NOW) -> Job:
    """Looks whether an execution that waits between two batches, or was settled, goes on or ends."""
    return Job(
        queue=Queue.EXECUTE,
        handler="execute",
        id=f"go-on:{request_id}:{int((now + after).timestamp() * 1000)}",
        args=(request_id,),
        delay=after,
    )


def verify(request_id: str, number: int, *, after: timedelta = _NOW) -> Job:
    return Job(
        queue=Queue.VERIFY,
        handler="verify",
        id=f"verify:{request_id}:{number}",
        args=(request_id, str(number)),
        delay=after,
    )


def silence(silence_id: str, incident_id: str, what: str, *, after: timedelta = _NOW) -> Job:
    """Bring Alertmanager to what a silence's row says; `what` tells one time from another. One at a time each."""
    return Job(
        queue=Queue.SILENCES,
        handler="silence",
        id=f"silence:{silence_id}:{what}",
        args=(silence_id,),
        delay=after,
        partition=incident_id,
    )


def announce(switch_id: str, what: str) -> Job:
    """Tell the channels what became of a switch, and bring the messages it concerns up to date."""
    return Job(queue=Queue.CHECKS, handler="announce_switch", id=f"switch:{switch_id}:{what}", args=(switch_id, what))


def check(system: str, check_id: str, fired_at: datetime) -> Job:
    """One check at one of its times."""
    return Job(
        queue=Queue.CHECKS,
        handler="check",
        id=f"check:{system}/{check_id}@{fired_at.isoformat()}",
        args=(system, check_id, fired_at.isoformat()),
    )


def deliver(channel: str, now: datetime) -> Job:
    """For messages that nothing will deliver any more."""
    return Job(
        queue=Queue.DELIVER,
        handler="deliver",
        id=f"deliver:{channel}@{int(now.timestamp() * 1000)}~",
        args=(channel,),
        partition=channel,
    )


def again(conn: Connection, job: Job, *, at_most: int) -> Job | None:
    """The same work under the next free id (`~2`, `~3` …), for a job that was lost or failed.

    None while one of its ids still waits or runs, and when it was tried `at_most` times.
    """
    for attempt in range(1, at_most + 1):
        each = job if attempt == 1 else replace(job, id=f"{job.id}~{attempt}")
        match leases.state(conn, each.id):
            case None:
                return each
            case JobState.WAITING | JobState.RUNNING:
                return None
            case JobState.DONE | JobState.FAILED:
                continue
    return None
