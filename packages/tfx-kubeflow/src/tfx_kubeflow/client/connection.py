"""The connection to a Kubeflow Pipelines server, and its errors as messages."""

from __future__ import annotations

import io
import json
import os
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager, redirect_stdout
from http import HTTPStatus
from typing import Any, TypeVar

import kfp
import kfp_server_api
import tenacity
import urllib3

ENDPOINT_VARIABLES = ("KFP_ENDPOINT", "KF_PIPELINES_ENDPOINT")
CLIENT_VARIABLES = {
    "existing_token": "KFP_TOKEN",
    "cookies": "KFP_COOKIES",
    "ssl_ca_cert": "KFP_CA_CERT",
}
"""Argument of kfp.Client -> variable that holds it, since the tfx command has no such options."""
AUTHORIZATION = ["Bearer"]
"""The API's name for the way in which its client sends a token."""
PAGE = 100
TIMEOUT = 20.0
"""Seconds that a log may take."""
Result = TypeVar("Result")


class ServerError(RuntimeError):
    """What the server refused, or that it cannot be reached, with a hint."""


class ServerAway(ServerError):  # noqa: N818, the others' names end so
    """The server cannot be reached, or is not well: the same may succeed later."""


class _Client(kfp.Client):
    """KFP's client, which asks a server's health as long as that may become better, and no longer.

    KFP's own asks five times within 25 seconds, with a traceback for each, even for a wrong token.
    """

    def get_kfp_healthz(self, sleep_duration: int = 5) -> Any:
        """Returns what the server reports of itself."""
        del sleep_duration
        return retried(self._healthz_api.healthz_service_get_healthz)


class Connection:
    """A server and the namespace in which runs happen.

    Args:
        endpoint: URL; None: that of the environment.
        namespace: Namespace of Kubeflow Pipelines, or the user's own where there are several.
        client_id: Of an identity-aware proxy.
        options: Further arguments of kfp.Client; those of CLIENT_VARIABLES may come from there.
    """

    def __init__(
        self,
        endpoint: str | None,
        namespace: str = "kubeflow",
        client_id: str | None = None,
        **options: Any,
    ) -> None:
        named = [os.environ[name] for name in ENDPOINT_VARIABLES if os.environ.get(name)]
        self.endpoint = endpoint or (named[0] if named else None)
        self.service_namespace = namespace
        given = {key: os.environ.get(name) or None for key, name in CLIENT_VARIABLES.items()}
        with self.errors(), warnings.catch_warnings():
            warnings.simplefilter("ignore", FutureWarning)  # of servers before 2.0
            self.client = _Client(
                host=self.endpoint, namespace=namespace, client_id=client_id, **{**given, **options}
            )
            several_users = self.client.get_kfp_healthz().multi_user
        self.namespace: str | None = namespace if several_users else None

    def read(self, call: Callable[..., Result], *arguments: Any, **named: Any) -> Result:
        """Calls a method of the client that changes nothing, again where the server was away.

        Raises:
            ServerError: The server refuses, or stays away.
        """
        with self.errors():
            return retried(call, *arguments, **named)

    def pages(self, call: Callable[..., Any], items: str, **arguments: Any) -> Iterator[Any]:
        """Yields everything that a list call returns, page by page.

        Args:
            call: A list method of kfp.Client.
            items: Attribute of its response that holds the items.
            arguments: Further arguments of the call.

        Raises:
            ServerError: The server refuses, or stays away.
        """
        token = ""
        while True:
            response = self.read(call, page_token=token, page_size=PAGE, **arguments)
            yield from getattr(response, items, None) or ()
            token = getattr(response, "next_page_token", None) or ""
            if not token:
                return

    def text(self, path: str) -> str:
        """Reads a text as the server's client: with token, cookies, certificates, proxy.

        It does not wait for a server that is away.

        Args:
            path: Below the server's URL.

        Raises:
            ServerAway: The server cannot be reached, or is not well.
            ServerError: It refuses.
        """
        api_client = self.client._run_api.api_client  # noqa: SLF001, kfp has no other way to it
        with self.errors():
            response = api_client.call_api(
                path,
                "GET",
                auth_settings=AUTHORIZATION,
                _preload_content=False,
                _request_timeout=TIMEOUT,
            )
            if response.status != HTTPStatus.OK:
                raise kfp_server_api.ApiException(response.status, response.reason)
            return bytes(response.data).decode(errors="replace")

    def url(self, path: str) -> str:
        """Returns the URL of a path of the server's API."""
        configuration = self.client._run_api.api_client.configuration  # noqa: SLF001, as above
        return f"{configuration.host}{path}"

    @contextmanager
    def errors(self) -> Iterator[None]:
        """Turns the client's errors into a `ServerError`, and keeps its chatter to itself."""
        where = self.endpoint or "the cluster of your kubeconfig"
        try:
            with redirect_stdout(io.StringIO()):
                yield
        except kfp_server_api.ApiException as error:
            away = error.status >= HTTPStatus.INTERNAL_SERVER_ERROR
            raise (ServerAway if away else ServerError)(
                f"{where} refused: {_reason(error)}"
            ) from error
        except (urllib3.exceptions.HTTPError, OSError) as error:
            if isinstance(getattr(error, "reason", error), urllib3.exceptions.SSLError):
                variable = CLIENT_VARIABLES["ssl_ca_cert"]
                raise ServerError(
                    f"{where} is not trusted: {_last(error)}. Name the file of its authority's "
                    f"certificate with {variable}"
                ) from error
            raise (ServerAway if _is_transient(error) else ServerError)(
                f"no Kubeflow Pipelines at {where}: {_last(error)}. Name its API with --endpoint "
                f"or {ENDPOINT_VARIABLES[0]}, such as http://localhost:8888 after "
                "`kubectl -n kubeflow port-forward svc/ml-pipeline 8888:8888`"
            ) from error
        except (RuntimeError, TimeoutError) as error:
            raise ServerError(f"no connection to {where}: {_last(error)}") from error

    def link(self, path: str) -> str:
        """Returns the URL of a page of KFP's user interface."""
        return f"{(self.endpoint or '').rstrip('/')}/#/{path}"


AWAY = (HTTPStatus.BAD_GATEWAY, HTTPStatus.SERVICE_UNAVAILABLE, HTTPStatus.GATEWAY_TIMEOUT)
"""What a proxy answers instead of a server that restarts."""
PATIENCE = 45.0
"""Seconds that a server may take to restart."""
LASTING = (
    urllib3.exceptions.NameResolutionError,
    urllib3.exceptions.SSLError,
    urllib3.exceptions.LocationValueError,
)


def retried(call: Callable[..., Result], *arguments: Any, **named: Any) -> Result:
    """Calls again, a while, where a server seems to restart; only for what changes nothing."""
    attempts = tenacity.Retrying(
        retry=tenacity.retry_if_exception(_is_transient),
        wait=tenacity.wait_random_exponential(multiplier=0.5, max=5),
        stop=tenacity.stop_after_delay(PATIENCE),
        reraise=True,
    )
    return attempts(call, *arguments, **named)


def _is_transient(error: BaseException) -> bool:
    if isinstance(error, ServerAway):
        return True
    if isinstance(error, kfp_server_api.ApiException):
        return error.status in AWAY
    reason = getattr(error, "reason", None) or error
    if isinstance(reason, LASTING):
        return False
    return isinstance(error, urllib3.exceptions.HTTPError | ConnectionError)


def _reason(error: kfp_server_api.ApiException) -> str:
    """The server's own message without the Go stack that follows it."""
    try:
        body = json.loads(error.body)
        return str(body.get("message") or body.get("error") or error.reason)
    except (TypeError, ValueError):
        return f"{error.status} {error.reason}"


def _last(error: BaseException) -> str:
    return str(getattr(error, "reason", None) or error) or type(error).__name__
