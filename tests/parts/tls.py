"""A throwaway certificate authority, made with the openssl program."""

from __future__ import annotations

import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.parts.process import program


@dataclass(frozen=True, slots=True)
class Identity:
    """A certificate, its key, and the authority that signed it."""

    ca: Path
    certificate: Path
    key: Path


def identity(
    folder: Path, name: str, names: str = "IP:127.0.0.1,DNS:localhost", made: str | None = None
) -> Identity:
    """A certificate for ``names`` signed by the authority of ``folder``, made if it is new.

    It counts for two days from now on, or from ``made`` on, a date like "2021-03-04".
    """
    then = [] if made is None else [program("faketime"), made]
    folder.mkdir(parents=True, exist_ok=True)
    ca, ca_key = folder / "ca.pem", folder / "ca.key"
    curve = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2")
    if not ca.exists():
        _openssl("req", "-x509", *curve, "-subj", f"/CN=authority {folder.name}",
                 "-keyout", str(ca_key), "-out", str(ca))  # fmt: skip
    certificate, key = folder / f"{name}.pem", folder / f"{name}.key"
    _openssl("req", "-x509", *curve, "-subj", f"/CN={name}", "-CA", str(ca), "-CAkey", str(ca_key),
             "-addext", f"subjectAltName={names}", "-addext", "basicConstraints=critical,CA:false",
             "-keyout", str(key), "-out", str(certificate), then=then)  # fmt: skip
    return Identity(ca, certificate, key)


def _openssl(*arguments: str, then: Sequence[str] = ()) -> None:
    subprocess.run([*then, program("openssl"), *arguments], check=True, capture_output=True)
