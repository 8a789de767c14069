"""When things happen by themselves: heartbeats, the sweep, and taking over from replicas that died."""

import logging
from collections.abc import Callable, Sequence
from datetime import timedelta

from apscheduler.schedulers.background import BackgroundScheduler

from bot.core.errors import Unavailable
from bot.store import homes, interactions, private_answers, replicas
from bot.store.database import Database
from bot.store.work import Clock

log = logging.getLogger(__name__)

BEAT_EVERY = timedelta(seconds=2)
DEAD_AFTER = timedelta(seconds=15)  # several missed beats: a pause of the machine is no death
SWEEP_EVERY = timedelta(seconds=10)
LOOK_FOR_CHECKPOINT_EVERY = timedelta(minutes=1)
LOOK_FOR_REMINDERS_EVERY = timedelta(seconds=30)
LOOK_FOR_WHAT_IS_DUE_EVERY = timedelta(seconds=1)
LOOK_AT_STORMS_EVERY = timedelta(seconds=5)
LOOK_FOR_LOST_EVERY = timedelta(minutes=1)
TIDY_EVERY = timedelta(hours=1)
LOOK_FOR_PEOPLE_EVERY = timedelta(minutes=1)
LOOK_FOR_SILENCES_EVERY = timedelta(seconds=30)


class Schedule:
    """Runs in every replica. Whatever it starts may run in several at once without harm: rows decide."""

    def __init__(
        self,
        *,
        database: Database,
        replica: str,
        incarnation: str,
        sweep: Callable[[], int],
        adopt: Callable[[str], int],
        checkpoint: Callable[[], None],
        people: Callable[[], None],
        remind: Callable[[], None],
        silences: Callable[[], None],
        clockwork: Sequence[Callable[[], None]],
        storms: Callable[[], None],
        retention: Callable[[], int],
        lost: Callable[[], int],
        now: Clock,
    ) -> None:
        self._database = database
        self._replica = replica
        self._incarnation = incarnation
        self._sweep = sweep
        self._adopt = adopt
        self._checkpoint = checkpoint
        self._people = people
        self._remind = remind
        self._silences = silences
        self._clockwork = tuple(clockwork)
        self._storms = storms
        self._retention = retention
        self._lost = lost
        self._now = now
        self._scheduler = BackgroundScheduler(
            timezone="UTC", job_defaults={"coalesce": True, "max_instances": 1, "misfire_grace_time": None}
        )

    def start(self) -> None:
        """Beat once, so that others see this process before it works, then keep the times."""
        self.beat()
        self._every(BEAT_EVERY, self.beat)
        self._every(DEAD_AFTER, self.take_over)
        self._every(SWEEP_EVERY, self._sweep)
        self._every(LOOK_FOR_CHECKPOINT_EVERY, self._checkpoint)
        self._every(LOOK_FOR_REMINDERS_EVERY, self._remind)
        self._every(LOOK_FOR_SILENCES_EVERY, self._silences)
        for work in self._clockwork:
            self._every(LOOK_FOR_WHAT_IS_DUE_EVERY, work)
        self._every(LOOK_AT_STORMS_EVERY, self._storms)
        self._every(TIDY_EVERY, self.tidy)
        self._every(TIDY_EVERY, self._retention)
        self._every(LOOK_FOR_LOST_EVERY, self._lost, at_once=True)
        self._every(LOOK_FOR_PEOPLE_EVERY, self._people, at_once=True)
        self._scheduler.start()

    def stop(self) -> None:
        """Let what runs end, then say that this process stops in good order."""
        self._scheduler.shutdown(wait=True)
        with self._database.begin() as conn:
            replicas.retire(conn, name=self._replica, incarnation=self._incarnation)

    def beat(self) -> None:
        """Say that this process lives."""
        with self._database.begin() as conn:
            replicas.beat(conn, name=self._replica, incarnation=self._incarnation, now=self._now())

    def tidy(self) -> None:
        """Forget which clicks were seen and what may be shared, once nobody can send them again."""
        with self._database.begin() as conn:
            interactions.forget(conn, self._now())
            private_answers.forget(conn, self._now())
            homes.forget(conn, self._now())

    def take_over(self) -> None:
        """Let go of the jobs of replicas that are silent."""
        now = self._now()
        with self._database.read() as conn:
            silent = [name for name in replicas.dead(conn, now=now, after=DEAD_AFTER) if name != self._replica]
        for name in silent:
            with self._database.begin() as conn:
                is_ours = replicas.bury(conn, name=name, now=now, after=DEAD_AFTER)
            if is_ours:
                self._adopt(name)

    def _every(self, pause: timedelta, work: Callable[[], object], *, at_once: bool = False) -> None:
        def run() -> None:
            try:
                work()
            except Unavailable as error:
                log.warning("schedule.waits", extra={"work": name, "error": str(error)})

        name = getattr(work, "__name__", type(work).__name__)
        first = {"next_run_time": self._now()} if at_once else {}
        self._scheduler.add_job(run, "interval", seconds=pause.total_seconds(), id=name, name=name, **first)
