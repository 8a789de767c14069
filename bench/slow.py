"""A server that takes as many milliseconds as the first segment of the path says, then answers as each host would.

python -m bench.slow PORT
"""

import asyncio
import sys

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route
from uvicorn import Config, Server

_VECTOR = {"status": "success", "data": {"resultType": "vector", "result": [{"metric": {}, "value": [0, "1"]}]}}
_INVOICE = {"id": "in_bench1", "object": "invoice", "status": "open"}


async def answer(request: Request) -> JSONResponse:
    """Prometheus' query, one Stripe object, or a host's JSON, after the asked time."""
    await asyncio.sleep(request.path_params["milliseconds"] / 1000)
    path = request.path_params["path"]
    if path.endswith("/query"):
        return JSONResponse(_VECTOR)
    return JSONResponse(_INVOICE if path.startswith("v1/invoices/") else {"n": 1})


def main() -> None:
    """Serves on loopback until it is ended."""
    app = Starlette(routes=[Route("/{milliseconds:int}/{path:path}", answer, methods=["GET", "POST"])])
    Server(Config(app, host="127.0.0.1", port=int(sys.argv[1]), log_level="warning")).run()


if __name__ == "__main__":
    main()
