"""The OpenAPI document of /api/v1, its schemas made from the models that answer."""

from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from bot import __version__
from bot.core.ports import Json

_STAGE: Json = {"name": "stage", "in": "query", "schema": {"type": "string"}, "description": "such as open"}
_ID: Json = {"name": "request_id", "in": "path", "required": True, "schema": {"type": "string"}}
_BEARER: Json = {"type": "http", "scheme": "bearer", "description": "COUNTERSIGN_CONSOLE_TOKEN; none on loopback"}


def document(
    incidents: type[BaseModel],
    requests: type[BaseModel],
    request: type[BaseModel],
    ballot: type[BaseModel],
    error: type[BaseModel],
) -> dict[str, Json]:
    """OpenAPI 3.1."""
    models = (incidents, requests, request, ballot, error)
    _, schema = models_json_schema(
        [(each, "validation" if each is ballot else "serialization") for each in models],
        ref_template="#/components/schemas/{model}",
    )

    def operation(
        summary: str, answer: type[BaseModel], *parameters: Json, body: type[BaseModel] | None = None
    ) -> Json:
        told = {"200": _content(answer, "as asked"), "default": _content(error, "what is wrong, and what to do")}
        made: dict[str, Json] = {"summary": summary, "parameters": list(parameters), "responses": told}
        return {**made, "requestBody": {**_content(body, "a vote"), "required": True}} if body else made

    return {
        "openapi": "3.1.0",
        "info": {"title": "Countersign", "version": __version__},
        "security": [{"token": []}],
        "paths": {
            "/api/v1/incidents": {"get": operation("The incidents that fire", incidents)},
            "/api/v1/requests": {"get": operation("The latest requests, newest first", requests, _STAGE)},
            "/api/v1/requests/{request_id}": {"get": operation("One request", request, _ID)},
            "/api/v1/requests/{request_id}/approve": {
                "post": operation("Approve what the digest stands for", request, _ID, body=ballot)
            },
            "/api/v1/requests/{request_id}/deny": {"post": operation("End the request", request, _ID, body=ballot)},
        },
        "components": {"schemas": schema["$defs"], "securitySchemes": {"token": _BEARER}},
    }


def _content(model: type[BaseModel], description: str) -> dict[str, Json]:
    reference = {"$ref": f"#/components/schemas/{model.__name__}"}
    return {"description": description, "content": {"application/json": {"schema": reference}}}
