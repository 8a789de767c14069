"""Whether an action may run at a moment, by local clocks and calendars, and when it may again."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from bot.engine.policy import DAY, WEEK, Hours, Windows, clock

_AHEAD = 40  # days that are looked through for the next opening; more than any month


def closed(windows: Windows, now: datetime) -> str | None:
    """Why it must not run at this moment, and when it may again, in a sentence without its full stop; None: it may."""
    why = _closed(windows, now)
    if why is None:
        return None
    opens = _opens(windows, now)
    return f"{why}; it may run from {opens}" if opens else why


def _closed(windows: Windows, now: datetime) -> str | None:
    for freeze in windows.freeze:
        day = now.astimezone(ZoneInfo(freeze.timezone)).date()
        if freeze.holds(day):
            return f"no such action on {day} ({freeze.timezone}): {freeze.why}"
    if windows.allow and not any(_is_within(hours, now) for hours in windows.allow):
        return f"it is outside its hours, {' or '.join(map(spelled, windows.allow))}"
    return None


def spelled(hours: Hours) -> str:
    """Hours in words.

    >>> spelled(Hours.model_validate({"days": ["mon", "tue"], "from": "08:00", "until": "20:00", "timezone": "UTC"}))
    'mon, tue 08:00-20:00 UTC'
    """
    days = "" if set(hours.days) == set(WEEK) else f"{', '.join(hours.days)} "
    return f"{days}{clock(hours.start)}-{clock(hours.until)} {hours.timezone}"


def _is_within(hours: Hours, now: datetime) -> bool:
    local = now.astimezone(ZoneInfo(hours.timezone))
    today, minute = WEEK[local.weekday()], local.hour * 60 + local.minute
    if hours.start < hours.until:
        return today in hours.days and hours.start <= minute < hours.until
    yesterday = WEEK[local.weekday() - 1]
    return (today in hours.days and minute >= hours.start) or (yesterday in hours.days and minute < hours.until)


def _opens(windows: Windows, now: datetime) -> str | None:
    """The first moment at which it is open again: the start of some hours, or of a day after frozen ones."""
    found = sorted((moment, zone) for moment, zone in _starts(windows, now) if moment > now)
    for moment, zone in found:
        if _closed(windows, moment) is None:
            return f"{moment.astimezone(ZoneInfo(zone)):%Y-%m-%d %H:%M} {zone}"
    return None


def _starts(windows: Windows, now: datetime) -> Iterator[tuple[datetime, str]]:
    starts = [(hours.start, hours.timezone) for hours in windows.allow]
    starts += [(0, freeze.timezone) for freeze in windows.freeze]
    for minute, zone in starts:
        today = now.astimezone(ZoneInfo(zone)).date()
        for ahead in range(_AHEAD):
            yield _moment(today + timedelta(days=ahead), minute, zone), zone


def _moment(day: date, minute: int, zone: str) -> datetime:
    """A local time as a moment; one that a clock change skips is as long after it as it would have been."""
    assert minute < DAY
    return datetime.combine(day, time(minute // 60, minute % 60), tzinfo=ZoneInfo(zone)).astimezone(UTC)
