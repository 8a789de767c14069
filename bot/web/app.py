"""The HTTP application: its routes, and how errors are answered."""

from collections.abc import Sequence

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.routing import BaseRoute, Route

from bot.web.alertmanager import AlertmanagerDoor
from bot.web.errors import Problem, on_bug, on_http_exception, on_problem
from bot.web.health import Health
from bot.web.ops_events import OpsEventsDoor


def asgi(
    *,
    alertmanager: AlertmanagerDoor,
    health: Health,
    slack: Sequence[BaseRoute] = (),
    console: Sequence[BaseRoute] = (),
) -> Starlette:
    """The application. Whoever builds it starts and stops what its parts need; it has no life cycle of its own."""
    return Starlette(
        routes=[
            Route("/alertmanager", alertmanager, methods=["POST"]),
            Route("/ops-events", alertmanager.beside(OpsEventsDoor), methods=["POST"]),
            Route("/healthz", health.healthz),
            Route("/readyz", health.readyz),
            Route("/metrics", health.metrics),
            *slack,
            *console,
        ],
        exception_handlers={Problem: on_problem, HTTPException: on_http_exception, Exception: on_bug},
    )
