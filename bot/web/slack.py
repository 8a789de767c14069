"""POST /slack/events: what Slack sends, handed to the Slack app in threads of its own."""

import asyncio
import re
from concurrent.futures import Executor

from slack_bolt import App
from slack_bolt.adapter.starlette.handler import to_bolt_request, to_starlette_response
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

_MOST = 1_000_000  # bytes; Slack sends a tenth of that at most


def slack_routes(app: App, *, executor: Executor) -> tuple[Route, ...]:
    """The route. The app waits for a listener, so it is dispatched in `executor` and never on the event loop."""

    async def events(request: Request) -> Response:
        if not re.fullmatch(r"[0-9]{1,12}", request.headers.get("x-slack-request-timestamp", "")):
            return Response("the request has no Slack timestamp", status_code=401)
        body = bytearray()
        async for chunk in request.stream():
            body += chunk
            if len(body) > _MOST:
                return Response("the body is too large", status_code=413)
        try:
            received = to_bolt_request(request, bytes(body))
        except UnicodeDecodeError:
            return Response("the body is not UTF-8", status_code=400)
        answer = await asyncio.get_running_loop().run_in_executor(executor, app.dispatch, received)
        return to_starlette_response(answer)

    return (Route("/slack/events", events, methods=["POST"]),)
