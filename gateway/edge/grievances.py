"""What goes wrong between here and the centre though the connection stands, and what to try."""

from __future__ import annotations

from gateway import wire
from gateway.edge.outgoing import Outgoing
from gateway.edge.sending import Progress
from gateway.edge.trouble import Trouble
from gateway.wire import Root


def set_aside(outgoing: Outgoing, reason: str) -> Trouble:
    """A record that the broker cannot bear, in a message of its own."""
    return Trouble(
        name="set_aside",
        message="a message is set aside until the next start",
        advice=(
            (
                "raise the broker's limit on the size of a message (mosquitto: max_packet_size; "
                "NATS: max_payload), and restart the gateway"
            ),
        ),
        values={
            "reason": reason,
            "topic": outgoing.publishes[0].topic,
            "bytes": outgoing.bytes,
            "stream": outgoing.progress.stream,
            "first": outgoing.first,
            "last": outgoing.last,
        },
    )


def unconfirmed(root: Root, progress: Progress, seconds: float) -> Trouble:
    """The broker acknowledges a lane, and the centre confirms nothing of it."""
    topics = _topics(root, progress)
    return Trouble(
        name="unconfirmed",
        message=f"the broker takes {topics}, and the centre confirms nothing of it",
        advice=(
            "is ingest running at the centre, and does its database take writes?",
            (
                f"may this gateway publish {topics}? Brokers acknowledge what their access rules "
                "(ACL) then drop"
            ),
            (
                f"may ingest subscribe to that, and publish {root.topic(wire.CONFIRMED)}, and may "
                "this gateway subscribe to it?"
            ),
        ),
        values={"lane": progress.lane.value, "seconds": round(seconds)},
    )


def not_arriving(root: Root, progress: Progress, seq: int) -> Trouble:
    """One place in a lane that never gets to the centre, while others do."""
    return Trouble(
        name="not_arriving",
        message="the broker has acknowledged a record several times, and the centre never got it",
        advice=(
            "does the broker drop what is too long (mosquitto: message_size_limit)?",
            (
                f"may this gateway publish all of {_topics(root, progress)}? Brokers acknowledge "
                "what their access rules (ACL) then drop"
            ),
            "did the broker lose messages in a crash, several times?",
        ),
        values={"stream": progress.stream, "seq": seq},
    )


def _topics(root: Root, progress: Progress) -> str:
    heads = (wire.TELEMETRY,) if progress.lane.value == wire.TELEMETRY else _EVENTS
    return ", ".join(root.under(head) for head in heads)


_EVENTS = ("alarm/#", "event/#", "device/#")
