"""What the publisher is told, whom it calls, and what it says of itself."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, Literal, Protocol, TypeVar

from gateway.edge.trouble import Trouble
from gateway.model import Millis

T = TypeVar("T")


class OnDisk(Protocol):
    """Runs a call in the outbox's own thread."""

    def __call__(self, work: Callable[..., T], *arguments: Any) -> Awaitable[T]:  # noqa: ANN401
        """Run it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """How this gateway publishes; durations in seconds.

    ``group`` records make one telemetry message, when complete or after ``batch``. ``confirm`` and
    ``confirmed_before`` (an earlier run saw a ``confirmed``) say what frees the outbox. A record
    that is missing at the centre so long after its PUBACK that it has ``settled`` is sent again;
    so are a few of those nobody confirms, after ``unconfirmed`` and then ever more rarely.
    ``backlog_share`` is how much of the uplink's time a backlog may take. ``version`` and ``boot``
    are what the status says. The pause between two attempts to connect is drawn between half and
    whole of a length that doubles each time, up to ``longest_pause`` while nothing answers,
    ``refused_pause`` where somebody refuses us, and ``rival_pause`` while another client has our
    id. Every ``look`` seconds the files of ``[mqtt]`` are looked at.
    """

    confirm: Literal["auto"] | bool = "auto"
    confirmed_before: bool = False
    group: int = 1
    batch: float = 1.0
    compress: bool = True
    settle: float = 60.0
    unconfirmed: float = 300.0
    unconfirmed_most: float = 3600.0
    backlog_share: float = 0.5
    version: str = ""
    boot: str = ""
    first_pause: float = 0.5
    longest_pause: float = 10.0
    refused_pause: float = 30.0
    rival_pause: float = 300.0
    look: float = 10.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Calls:
    """Whom the publisher calls.

    ``on_disk`` runs a call to the outbox in its own thread. ``on_message(parts, payload)`` gets
    commands and alarm actions, never retained ones. ``on_confirmed()`` is called once, when the
    centre first confirms something of ours. ``is_current(parts)`` says whether a retained alarm or
    card, e.g. ``("device", "lamp-1")``, is still ours; the others are emptied after the start.
    ``on_trouble(trouble)`` is told, once each, what a person should know (``trouble``).
    ``promise(seconds)`` is told how soon the publisher expects to call it again; a broker that says
    nothing breaks no promise.
    """

    on_disk: OnDisk
    on_message: Callable[[tuple[str, ...], bytes], None] | None = None
    on_confirmed: Callable[[], None] | None = None
    is_current: Callable[[tuple[str, ...]], bool] | None = None
    on_trouble: Callable[[Trouble], None] | None = None
    promise: Callable[[float], None] = lambda _: None


@dataclass(frozen=True, slots=True)
class Uplink:
    """How the publisher is doing: ``since`` is when it got connected, or lost the connection.

    ``unconfirmed`` is for how many seconds the centre has confirmed nothing though there is
    something to confirm; ``rival`` that another client seems to have our id.
    """

    connected: bool
    since: Millis | None
    published: int
    in_flight: int
    set_aside: int
    confirming: bool
    last_error: str | None
    unconfirmed: float = 0.0
    rival: bool = False
