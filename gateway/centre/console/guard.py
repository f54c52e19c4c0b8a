"""What stands between a browser and the console: who may ask, and what the page may do.

The console listens on loopback, where no sign-in protects it from other pages open in the same
browser. So every request must name a host that cannot be rebound to this machine by a foreign name
server (an address, ``localhost``, this machine's own name), must not come from another site, and a
POST must carry JSON and come from the console's own page or from no browser at all. Answers allow
the page to load nothing but its own files: no inline script, no foreign host.
"""

from __future__ import annotations

import ipaddress
import socket
from collections.abc import Iterable

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; font-src 'self';"
        " connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none';"
        " require-trusted-types-for 'script'; trusted-types 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=()",
}


def own_names() -> frozenset[str]:
    """The names this machine answers to, besides its addresses."""
    return frozenset({"localhost", socket.gethostname().lower(), socket.getfqdn().lower()})


class Guard:
    """Refuses what no page of ours would ask, and dresses every answer in ``HEADERS``."""

    def __init__(self, app: ASGIApp, names: Iterable[str]) -> None:
        self._app = app
        self._names = frozenset(names)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request, or refuse it."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def dressed(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message).update(HEADERS)
            await send(message)

        refusal = self._refusal(scope["method"], Headers(scope=scope))
        answer = PlainTextResponse(refusal[1], refusal[0]) if refusal else self._app
        await answer(scope, receive, dressed)

    def _refusal(self, method: str, headers: Headers) -> tuple[int, str] | None:
        host = headers.get("host", "")
        if not self._is_ours(host):
            return 421, f"This console does not answer to the name {host!r:.80}."
        reads = method in {"GET", "HEAD"}
        if _foreign(headers, host) and not (reads and headers.get("sec-fetch-mode") == "navigate"):
            return 403, "Requests from other sites are refused."
        kind = headers.get("content-type", "").split(";")[0].strip()
        if not reads and kind != "application/json":
            return 415, "Send application/json."
        return None

    def _is_ours(self, host: str) -> bool:
        name = _without_port(host).lower()
        if name in self._names:
            return True
        try:
            ipaddress.ip_address(name)
        except ValueError:
            return False
        return True


def _without_port(host: str) -> str:
    if host.startswith("["):
        return host[1:].partition("]")[0]
    return host.rpartition(":")[0] if host.count(":") == 1 else host


def _foreign(headers: Headers, host: str) -> bool:
    """Whether the browser says that another site asks; a reader may still follow a link here."""
    own = {None, f"http://{host}", f"https://{host}"}
    asking = headers.get("sec-fetch-site", "none")
    return asking not in {"same-origin", "none"} or headers.get("origin") not in own
