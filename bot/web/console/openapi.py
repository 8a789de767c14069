"""The OpenAPI document of /api/v1, its schemas made from the models that are read and answer."""

from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from bot import __version__
from bot.core.ports import Json
from bot.web.console import bodies, shapes, shown_incident, shown_silences, shown_switches

_STAGE: Json = {"name": "stage", "in": "query", "schema": {"type": "string"}, "description": "such as open"}
_REQUEST: Json = {"name": "request_id", "in": "path", "required": True, "schema": {"type": "string"}}
_INCIDENT: Json = {"name": "incident_id", "in": "path", "required": True, "schema": {"type": "string"}}
_BEARER: Json = {"type": "http", "scheme": "bearer", "description": "COUNTERSIGN_CONSOLE_TOKEN; none on loopback"}
_SENT = (
    bodies.Proof, bodies.Ballot, bodies.Alone, bodies.Wish, bodies.Resuming, bodies.Settling, bodies.Silencing,
    bodies.Engaging, bodies.Releasing,
)  # fmt: skip
_ANSWERED = (
    shapes.Incidents, shown_incident.IncidentDetail, shapes.Requests, shapes.RequestShown, shown_silences.Silences,
    shown_switches.Switches, bodies.Error,
)  # fmt: skip


def document() -> dict[str, Json]:
    """OpenAPI 3.1."""
    _, schema = models_json_schema(
        [*((each, "validation") for each in _SENT), *((each, "serialization") for each in _ANSWERED)],
        ref_template="#/components/schemas/{model}",
    )
    request, at = shapes.RequestShown, "/api/v1/requests/{request_id}"
    return {
        "openapi": "3.1.0",
        "info": {"title": "Countersign", "version": __version__},
        "security": [{"token": []}],
        "paths": {
            "/api/v1/incidents": {"get": _operation("The incidents that fire", shapes.Incidents)},
            "/api/v1/incidents/{incident_id}": {
                "get": _operation("One incident, and what may be asked for", shown_incident.IncidentDetail, _INCIDENT)
            },
            "/api/v1/incidents/{incident_id}/requests": {
                "post": _operation("Ask for an action", request, _INCIDENT, body=bodies.Wish, status="201")
            },
            "/api/v1/incidents/{incident_id}/silence": _quiet("Silence its alerts for a while", bodies.Silencing),
            "/api/v1/incidents/{incident_id}/unsilence": _quiet("Lift the silence that was made here", bodies.Proof),
            "/api/v1/silences": {"get": _operation("What is silenced", shown_silences.Silences)},
            "/api/v1/requests": {"get": _operation("The latest requests, newest first", shapes.Requests, _STAGE)},
            at: {"get": _operation("One request", request, _REQUEST)},
            f"{at}/approve": _act("Approve what the digest stands for", bodies.Ballot),
            f"{at}/deny": _act("End the request", bodies.Ballot),
            f"{at}/break-glass": _act("Run it alone; somebody else reviews that", bodies.Alone),
            f"{at}/stop": _act("Let no further call of it begin", bodies.Proof),
            f"{at}/resume": _act("Ask that the rest of it goes on; others approve that", bodies.Resuming),
            f"{at}/settle": _act("Say what became of a call that has no answer", bodies.Settling),
            f"{at}/review": _act("Countersign what somebody ran alone", bodies.Proof),
            "/api/v1/switches": {"get": _operation("Every kill switch", shown_switches.Switches)},
            "/api/v1/switches/engage": {
                "post": _operation("Stop the bot's own actions", shown_switches.Switches, body=bodies.Engaging)
            },
            "/api/v1/switches/release": {
                "post": _operation("Let the bot act again", shown_switches.Switches, body=bodies.Releasing)
            },
        },
        "components": {"schemas": schema["$defs"], "securitySchemes": {"token": _BEARER}},
    }


def _act(summary: str, body: type[BaseModel]) -> Json:
    return {"post": _operation(summary, shapes.RequestShown, _REQUEST, body=body)}


def _quiet(summary: str, body: type[BaseModel]) -> Json:
    return {"post": _operation(summary, shown_incident.IncidentDetail, _INCIDENT, body=body)}


def _operation(
    summary: str, answer: type[BaseModel], *parameters: Json, body: type[BaseModel] | None = None, status: str = "200"
) -> Json:
    told = {status: _content(answer, "as asked"), "default": _content(bodies.Error, "what is wrong, and what to do")}
    made: dict[str, Json] = {"summary": summary, "parameters": list(parameters), "responses": told}
    return {**made, "requestBody": {**_content(body, "who, and what"), "required": True}} if body else made


def _content(model: type[BaseModel], description: str) -> dict[str, Json]:
    reference = {"$ref": f"#/components/schemas/{model.__name__}"}
    return {"description": description, "content": {"application/json": {"schema": reference}}}
