"""A device is data: its map, read from TOML into points a driver can plan and read.

``load`` reads a whole profile, ``points`` its rows, ``controls`` its commands; ``keys`` are what a
row may say whatever its driver. A mistake anywhere is a problem with file, line and path.
"""

from __future__ import annotations

from gateway.profile.load import (
    Head,
    Profile,
    load_profile,
    profile_file,
    profile_names,
    specimen,
)

__all__ = ["Head", "Profile", "load_profile", "profile_file", "profile_names", "specimen"]
