"""Socket Mode: the connections an app holds open, the envelopes they carry and the acknowledgements."""

import asyncio
import json
from collections import deque
from collections.abc import Callable

from starlette.websockets import WebSocket, WebSocketDisconnect

from sandbox.workspace.config import Config
from sandbox.workspace.delivery import Answer, Kind, Retry
from sandbox.workspace.jsontype import JsonObject
from sandbox.workspace.people import APP_ID
from sandbox.workspace.tickets import Tickets

MOST_CONNECTIONS = 10


class SocketTransport:
    """Hands each payload to one of the open connections, in turn."""

    def __init__(self, *, config: Config, new_id: Callable[[str], str]) -> None:
        self._config = config
        self._new_id = new_id
        self._connections: deque[WebSocket] = deque()
        self._mute: set[WebSocket] = set()
        self.opens_mute = False  # a connection is taken, and then nothing comes over it, not even a hello
        self._waiting: dict[str, asyncio.Future[JsonObject]] = {}

    @property
    def connections(self) -> int:
        return len(self._connections)

    async def send(self, kind: Kind, payload: JsonObject, *, retry: Retry | None = None) -> Answer:
        if not self._connections:
            return Answer(error="not_connected", reason="connection_failed")
        self._connections.rotate(-1)
        envelope_id = self._new_id("envelope")
        envelope: JsonObject = {
            "envelope_id": envelope_id,
            "type": kind,
            "payload": payload,
            "accepts_response_payload": kind != "events_api",
        }
        if kind == "events_api":
            envelope["retry_attempt"] = 0 if retry is None else retry.number
            envelope["retry_reason"] = "" if retry is None else retry.reason
        acknowledged: asyncio.Future[JsonObject] = asyncio.get_running_loop().create_future()
        self._waiting[envelope_id] = acknowledged
        try:
            async with asyncio.timeout(self._config.answer_within):
                if self._connections[0] not in self._mute:
                    await self._connections[0].send_text(json.dumps(envelope))
                return Answer(status=200, body=await acknowledged)
        except TimeoutError:
            return Answer(error="operation_timeout", reason="timeout")
        except (WebSocketDisconnect, RuntimeError):
            return Answer(error="dispatch_failed", reason="connection_failed")
        finally:
            del self._waiting[envelope_id]

    async def serve(self, socket: WebSocket, tickets: Tickets) -> None:
        """One connection, from its hello to its end."""
        if not tickets.use_connection(socket.query_params.get("ticket", "")):
            await socket.close(code=4001)
            return
        await socket.accept()
        if self.connections >= MOST_CONNECTIONS:
            await socket.send_json({"type": "disconnect", "reason": "too_many_websockets", "debug_info": {}})
            await socket.close()
            return
        self._connections.append(socket)
        try:
            if self.opens_mute:
                self._mute.add(socket)
            else:
                await socket.send_json(self._hello())
            while True:
                self._acknowledge(await socket.receive_text())
        except WebSocketDisconnect:
            return
        finally:
            self._mute.discard(socket)
            if socket in self._connections:
                self._connections.remove(socket)

    async def refresh(self, *, reason: str = "refresh_requested") -> None:
        """Ask every connection to go and come back, as Slack does from time to time, and hang up."""
        for socket in list(self._connections):
            self._connections.remove(socket)
            await socket.send_json({"type": "disconnect", "reason": reason, "debug_info": {}})
            await socket.close()

    def _hello(self) -> JsonObject:
        return {
            "type": "hello",
            "num_connections": self.connections,
            "connection_info": {"app_id": APP_ID},
            "debug_info": {"host": "local", "approximate_connection_time": 3600},
        }

    def _acknowledge(self, text: str) -> None:
        message = json.loads(text) if text.startswith("{") else {}
        acknowledged = self._waiting.get(message.get("envelope_id", ""))
        if acknowledged is not None and not acknowledged.done():
            acknowledged.set_result(message.get("payload") or {})
