"""Where a server is, what it speaks, and what it is shown of the one who asks."""

from __future__ import annotations

import ipaddress
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, get_args
from urllib.parse import urlsplit

from tfx_pipeline.client.errors import ForecastError

Protocol = Literal["rest", "grpc", "kserve-v1", "oip"]
PROTOCOLS: tuple[Protocol, ...] = get_args(Protocol)
"""TensorFlow Serving's two, which the local server speaks as well; KServe's V1; and the Open
Inference Protocol, which is its V2, by HTTP or gRPC."""

DEFAULT = "http://127.0.0.1:8501"
TOKEN_VARIABLE = "FORECAST_TOKEN"  # noqa: S105, the name of a variable
TOKEN_FILE_VARIABLE = "FORECAST_TOKEN_FILE"  # noqa: S105
CA_VARIABLE = "FORECAST_CA_FILE"
_GRPC_PORT = 8500
_PORTS = {"http": 80, "https": 443, "grpc": _GRPC_PORT, "grpcs": 443}


@dataclass(frozen=True)
class Address:
    """A server.

    Attributes:
        url: As it was given, without a slash at its end.
        host: Its host and port.
        protocol: What is spoken.
        by_grpc: Whether by gRPC, else by HTTP.
        encrypted: Whether by TLS.
        local: Whether it is this machine, which no proxy stands before.
    """

    url: str
    host: str
    protocol: Protocol
    by_grpc: bool
    encrypted: bool
    local: bool


def parse(url: str, protocol: Protocol | None = None) -> Address:
    """Reads the address of a server.

    Args:
        url: http://, https://, grpc:// or grpcs://, with host and maybe port; of http, a path.
        protocol: Unless given TensorFlow Serving's REST, or gRPC by the address.

    Raises:
        ForecastError: It is none, or its scheme is not that of the protocol.
    """
    parts = urlsplit(url if "://" in url else f"http://{url}")
    if parts.scheme not in _PORTS or not parts.hostname:
        raise ForecastError(
            f"{url}: expected http://host:port, https://..., grpc://... or grpcs://..."
        )
    if parts.username or parts.password:
        raise ForecastError(
            f"the address of {parts.hostname} holds a user or password; set {TOKEN_VARIABLE} or "
            f"{TOKEN_FILE_VARIABLE}"
        )
    by_grpc = parts.scheme.startswith("grpc")
    protocol = protocol or ("grpc" if by_grpc else "rest")
    if protocol != "oip" and by_grpc != (protocol == "grpc"):
        scheme = "grpc://" if protocol == "grpc" else "http://"
        raise ForecastError(f"{url}: {protocol} is spoken at an address that begins with {scheme}")
    try:
        port = parts.port or _PORTS[parts.scheme]
    except ValueError as error:
        raise ForecastError(f"{url}: {error}") from error
    host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
    return Address(
        url=f"{parts.scheme}://{parts.netloc}{parts.path}".rstrip("/"),
        host=f"{host}:{port}",
        protocol=protocol,
        by_grpc=by_grpc,
        encrypted=parts.scheme in ("https", "grpcs"),
        local=_is_local(parts.hostname),
    )


def _is_local(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


@dataclass(frozen=True)
class Credentials:
    """What is sent along and trusted; neither is part of any message.

    Attributes:
        token: Bearer token; None: none.
        ca_file: Certificates that the server's is checked by; None: the system's.
    """

    token: str | None = None
    ca_file: str | None = None

    def __repr__(self) -> str:
        return f"Credentials(token={'...' if self.token else None}, ca_file={self.ca_file!r})"

    def require_safe(self, address: Address) -> None:
        """Refuses to send a token where anybody can read it.

        Raises:
            ForecastError: It would be.
        """
        if self.token and not address.encrypted and not address.local:
            raise ForecastError(
                f"{address.url}: a token is sent by https:// or grpcs:// alone, or to this machine"
            )


def credentials() -> Credentials:
    """Those that the environment names.

    Raises:
        ForecastError: A file of theirs cannot be read.
    """
    token, file = os.environ.get(TOKEN_VARIABLE), os.environ.get(TOKEN_FILE_VARIABLE)
    if file and not token:
        token = _read(TOKEN_FILE_VARIABLE, file)
    ca_file = os.environ.get(CA_VARIABLE) or None
    if ca_file:
        _read(CA_VARIABLE, ca_file)
    return Credentials(token or None, ca_file)


def _read(variable: str, path: str) -> str:
    try:
        return Path(path).read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise ForecastError(f"{variable}: {path}: {getattr(error, 'strerror', error)}") from error
