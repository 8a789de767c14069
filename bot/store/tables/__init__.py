"""Every table of the bot's own state. Times are aware UTC datetimes; ids are uuid4 text unless said otherwise."""

from bot.store.tables.audit import audit
from bot.store.tables.base import Document, Moment, Sequence, metadata
from bot.store.tables.delivery import canary_rounds, paces, storm_incidents, storms
from bot.store.tables.incidents import answers, deliveries, diagnoses, incident_alerts, incidents
from bot.store.tables.messages import messages
from bot.store.tables.people import enrolments, known_groups, known_people
from bot.store.tables.requests import deeds, executions, requests, reviews, votes
from bot.store.tables.resumptions import resumption_votes, resumptions
from bot.store.tables.running import content_revisions, interactions, jobs, replicas
from bot.store.tables.silences import silences
from bot.store.tables.slack import homes, private_answers
from bot.store.tables.switches import switches
from bot.store.tables.ticks import ticks
from bot.store.tables.timed import check_results, detections, fires

__all__ = [
    "Document",
    "Moment",
    "Sequence",
    "answers",
    "audit",
    "canary_rounds",
    "check_results",
    "content_revisions",
    "deeds",
    "deliveries",
    "detections",
    "diagnoses",
    "enrolments",
    "executions",
    "fires",
    "homes",
    "incident_alerts",
    "incidents",
    "interactions",
    "jobs",
    "known_groups",
    "known_people",
    "messages",
    "metadata",
    "paces",
    "private_answers",
    "replicas",
    "requests",
    "resumption_votes",
    "resumptions",
    "reviews",
    "silences",
    "storm_incidents",
    "storms",
    "switches",
    "ticks",
    "votes",
]
