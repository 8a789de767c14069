"""Reads the JSON body of a control request into its model, or says what is wrong with it."""

from typing import TypeVar

from pydantic import BaseModel, ValidationError
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

T = TypeVar("T", bound=BaseModel)


async def read(request: Request, kind: type[T]) -> T | Response:
    try:
        return kind.model_validate_json(await request.body())
    except ValidationError as error:
        problems = [f"{'.'.join(map(str, each['loc']))}: {each['msg']}" for each in error.errors()]
        return JSONResponse({"ok": False, "error": "; ".join(problems)}, status_code=422)
