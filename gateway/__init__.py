"""Wayside's gateway: from a field bus to an alarm, a durable outbox and MQTT.

Data flows ``driver → edge.poller → Reading → faults → edge.outbox → edge.publisher → MQTT →
centre.ingest → history``; commands flow back. Imports point down only: ``cli``, then ``field``,
``centre`` and ``edge``, then ``faults``, ``wire`` and ``config``, then ``profile``, ``driver``
and ``model``.
"""

__version__ = "0.1.0"
