"""The operations centre's page: devices, alarms and curves, live in a browser.

``board`` holds what is known, ``live`` hears it from the broker, ``feed`` streams it to the open
pages, ``app`` answers the addresses behind ``guard``, ``server`` listens.
"""

from gateway.centre.console.server import CannotListen, run

__all__ = ["CannotListen", "run"]
