"""Every exchange with a simulated tool, written down, so that a published description can judge both sides."""

from collections.abc import Callable
from dataclasses import dataclass

from starlette.types import ASGIApp, Message, Receive, Scope, Send


@dataclass
class Exchange:
    """A request and its answer."""

    method: str
    path: str
    query: str
    body: bytes
    status: int = 0
    answer: bytes = b""


class Eavesdropper:
    """An ASGI application that passes everything on and keeps it. Control paths are left out."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        self.heard: list[Exchange] = []
        self._then: dict[int, Callable[[], None]] = {}

    def when(self, number: int, then: Callable[[], None]) -> None:
        """Do something just before the exchange of this number (the first is 1)."""
        self._then[number] = then

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        path = scope["path"].removeprefix(scope.get("root_path", ""))
        exchange = Exchange(scope["method"], path, scope["query_string"].decode(), b"")
        if not exchange.path.startswith("/_earshot"):
            self.heard.append(exchange)
            self._then.pop(len(self.heard), lambda: None)()

        async def receiving() -> Message:
            message = await receive()
            exchange.body += message.get("body", b"")
            return message

        async def sending(message: Message) -> None:
            exchange.status = message.get("status", exchange.status)
            exchange.answer += message.get("body", b"")
            await send(message)

        await self._app(scope, receiving, sending)
