"""Start a downgrade wave: a few hundred families reach day 7 within minutes."""

from dataclasses import dataclass

from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy import text

from sandbox.world.aivo.service import AivoService
from sandbox.world.http import Obj


class Options(BaseModel):
    """How many in all, how many at once, and how fast the rest follow."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    count: int = Field(default=400, ge=1, le=550)
    at_once: int = Field(default=60, ge=0, description="due now: enough to trip the daily threshold of 50")
    per_second: float = Field(default=1.0, gt=0, le=50, description="how many of the rest fall due each second")


@dataclass(frozen=True, slots=True)
class DowngradeWave:
    """While it runs, starting it again changes nothing."""

    service: AivoService

    id = "downgrade-wave"
    title = "Start a downgrade wave"
    system = "aivo"
    about = "Payments fail for hundreds of families: dunning downgrades sixty at once and one more every second."

    def running(self) -> bool:
        """While dunning is on and somebody falls due within the hour."""
        if not self.service.dunning()[0]:
            return False
        with self.service.engine.connect() as connection:
            return connection.execute(_SOON, {"now": self.service.now()}).first() is not None

    def start(self, params: Obj) -> Obj:
        """Make that many subscriptions past due with their day 7 scheduled."""
        wanted = Options.model_validate(params)
        if not self.running():
            values = {**wanted.model_dump(), "now": self.service.now()}
            with self.service.engine.begin() as connection:
                for statement in _WAVE:
                    connection.execute(statement, values)
        with self.service.engine.connect() as connection:
            pending = connection.execute(_PENDING).scalar_one()
        return {"pending": pending, "dunning_enabled": self.service.dunning()[0]}


_SOON = text(
    """select 1 from dunning_events
       where not completed and step = 'DAY_7_DOWNGRADE'
         and scheduled_for <= cast(:now as timestamptz) + interval '1 hour' limit 1"""
)
_PENDING = text("select count(*) from dunning_events where not completed")
_WAVE = (
    text(
        """insert into dunning_events (subscription_id, step, step_started_at, scheduled_for)
           select c.id, 'DAY_7_DOWNGRADE', cast(:now as timestamptz) - interval '7 days',
                  cast(:now as timestamptz) + greatest(c.n - :at_once, 0) / :per_second * interval '1 second'
           from (select s.id, row_number() over (order by s.id) as n from subscriptions s
                 where not exists (select 1 from dunning_events d where d.subscription_id = s.id and not d.completed)
                 order by s.id limit :count) as c"""
    ),
    text(
        """update subscriptions s set status = 'PAST_DUE', ended_at = null, updated_at = :now
           from dunning_events d where d.subscription_id = s.id and not d.completed and s.status <> 'PAST_DUE'"""
    ),
    text(
        """insert into payment_events (billing_account_id, provider_event_id, event_type, payload, processed_at,
                                       created_at)
           select s.billing_account_id, 'dunning_' || s.id || '_past_due', 'SUBSCRIPTION_PAST_DUE', '{}', :now, :now
           from subscriptions s join dunning_events d on d.subscription_id = s.id and not d.completed
           on conflict (provider_event_id) do nothing"""
    ),
)
