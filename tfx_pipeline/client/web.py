"""Requests by HTTP, and what their failures mean."""

from __future__ import annotations

import json
import ssl
from collections.abc import Mapping
from typing import Any

import httpx

from tfx_pipeline.client.address import CA_VARIABLE, TOKEN_VARIABLE, Address, Credentials
from tfx_pipeline.client.errors import (
    NoAnswerError,
    NotFoundError,
    ServerError,
    ServerUnavailableError,
)
from tfx_pipeline.client.retries import Patience
from tfx_pipeline.client.transport import REQUEST_ID

_SHOWN = 300
_BUSY = (429, 502, 503, 504)


class Web:
    """A server that answers in JSON.

    Args:
        address: The server.
        credentials: What it is shown.
        patience: How long it is waited for.
    """

    def __init__(self, address: Address, credentials: Credentials, patience: Patience) -> None:
        headers = {"Accept": "application/json"}
        if credentials.token:
            headers["Authorization"] = f"Bearer {credentials.token}"
        self._address = address
        self._patience = patience
        self._client = httpx.Client(
            headers=headers,
            verify=_trusted(credentials) if address.encrypted else False,
            trust_env=not address.local,  # a proxy of the environment's cannot reach this machine
        )

    def close(self) -> None:
        """Ends the connections."""
        self._client.close()

    def get(self, path: str) -> tuple[Any, Mapping[str, str]]:
        """Gets a path: the JSON that is there, and the headers, in lower case."""
        return self._ask("GET", path, None, {})

    def post(self, path: str, content: Any, request_id: str) -> tuple[Any, Mapping[str, str]]:
        """Posts JSON, in which NaN may stand, and returns the same as `get`."""
        headers = {"Content-Type": "application/json", REQUEST_ID: request_id}
        return self._ask("POST", path, json.dumps(content).encode(), headers)

    def _ask(
        self, method: str, path: str, body: bytes | None, headers: Mapping[str, str]
    ) -> tuple[Any, Mapping[str, str]]:
        url = f"{self._address.url}{path}"

        def attempt(seconds: float) -> tuple[Any, Mapping[str, str]]:
            try:
                answer = self._client.request(
                    method, url, content=body, headers=dict(headers), timeout=seconds
                )
            except httpx.HTTPError as error:
                raise _failure(self._address, error, self._patience.seconds) from error
            return _content(self._address, answer), answer.headers

        return self._patience.ask(attempt)


def _trusted(credentials: Credentials) -> ssl.SSLContext:
    try:
        return ssl.create_default_context(cafile=credentials.ca_file)
    except (OSError, ssl.SSLError) as error:
        raise ServerError(f"{CA_VARIABLE}: {credentials.ca_file}: {error}") from error


def _failure(address: Address, error: httpx.HTTPError, seconds: float) -> ServerError:
    """What it means that there was no answer."""
    url, text = address.url, str(error)
    if isinstance(error, httpx.TimeoutException):
        return NoAnswerError(f"{url}: no answer in {seconds:g} s; see --timeout")
    if "CERTIFICATE_VERIFY_FAILED" in text:
        reason = text.partition("CERTIFICATE_VERIFY_FAILED] ")[2].partition(" (_ssl")[0]
        return ServerError(
            f"{url}: {reason}; name the file of the authority's certificate in {CA_VARIABLE}"
        )
    if "WRONG_VERSION_NUMBER" in text or "RECORD_LAYER_FAILURE" in text:
        return ServerError(f"{url}: the server speaks no TLS; try http://")
    if isinstance(error, httpx.ProxyError):
        return ServerUnavailableError(f"{url}: the proxy of the environment: {text}")
    if isinstance(error, httpx.ConnectError):
        if "Name or service not known" in text or "name resolution" in text:
            return ServerUnavailableError(f"{url}: no such host: {address.host}")
        return ServerUnavailableError(
            f"{url}: nobody answers there ({text or 'no connection'}); is the server running, and "
            "is that its REST port?"
        )
    if isinstance(error, httpx.RemoteProtocolError) and "illegal" in text:
        return ServerError(f"{url}: not HTTP; is it the port of gRPC (grpc://{address.host})?")
    if isinstance(error, httpx.NetworkError | httpx.RemoteProtocolError):
        return ServerUnavailableError(f"{url}: the connection broke ({text or 'no answer'})")
    return ServerError(f"{url}: {text or type(error).__name__}")


def _content(address: Address, answer: httpx.Response) -> Any:
    """The JSON of an answer.

    Raises:
        ServerError: It is a refusal, or no JSON.
    """
    try:
        content = json.loads(answer.content)
    except ValueError:
        content = None
    if answer.is_success and content is not None:
        return content
    url, status = address.url, answer.status_code
    said = _said(answer, content)
    if status in (401, 403):
        raise ServerError(f"{url}: {said}; a token is taken from {TOKEN_VARIABLE}")
    if status == 404:
        hint = "; does the server speak this protocol (see --protocol)?" * (content is None)
        raise NotFoundError(f"{url}: {said}{hint}")
    if status in _BUSY:
        raise ServerUnavailableError(f"{url}: {said}", _after(answer))
    raise ServerError(f"{url}: {said}")


def _said(answer: httpx.Response, content: Any) -> str:
    """What an answer that is not the one hoped for says, in a line."""
    status = f"{answer.status_code} {answer.reason_phrase}"
    if content is not None:
        return _error_of(content) or status
    if answer.is_redirect:
        return f"{status}: what is asked is at {answer.headers.get('Location')}"
    if "html" in answer.headers.get("Content-Type", ""):
        return f"{status}, and a web page: a proxy, a login or another server answers there"
    text = " ".join(answer.text[:_SHOWN].split())
    return f"{status}, and no JSON: {text}" if text else status


def _error_of(content: Any) -> str | None:
    """What a server's JSON says went wrong: TensorFlow Serving's, KServe's and FastAPI's form."""
    if not isinstance(content, dict):
        return None
    said = content.get("error") or content.get("detail") or content.get("message")
    return None if said is None else str(said)[:_SHOWN]


def _after(answer: httpx.Response) -> float | None:
    """Seconds of Retry-After; a date is passed over."""
    text = answer.headers.get("Retry-After", "")
    return float(text) if text.isdecimal() else None
