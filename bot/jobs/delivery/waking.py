"""The job that looks at a channel again at a given moment."""

from datetime import datetime, timedelta

from bot.store.work import Job, Queue

_MARGIN = timedelta(milliseconds=50)  # the queue's clock is not ours


def wake(channel: str, at: datetime, *, now: datetime) -> Job:
    """The same for everybody who orders it in the same quarter of a second.

    Should it come too early all the same, the next one has a name of its own.
    """
    moment, ordered = int(at.timestamp() * 1000), int(now.timestamp() * 4)
    return Job(
        queue=Queue.DELIVER,
        handler="deliver",
        id=f"deliver:{channel}@{moment}.{ordered}",
        args=(channel,),
        delay=max(timedelta(0), at - now) + _MARGIN,
        partition=channel,
    )
