"""The connection to a Kubeflow Pipelines server, and its errors in plain words."""

from __future__ import annotations

import io
import json
import os
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager, redirect_stdout
from typing import Any

import kfp
import kfp_server_api
import urllib3

ENDPOINT_VARIABLES = ("KFP_ENDPOINT", "KF_PIPELINES_ENDPOINT")
PAGE = 100


class ServerError(RuntimeError):
    """What the server refused, or that it cannot be reached, with the way out."""


class Connection:
    """A server and the namespace in which runs happen.

    Args:
        endpoint: Address; None: that of the environment.
        namespace: Namespace of Kubeflow Pipelines, or the user's own where there are several.
        client_id: Of an identity-aware proxy.
    """

    def __init__(
        self, endpoint: str | None, namespace: str = "kubeflow", client_id: str | None = None
    ) -> None:
        named = [os.environ[name] for name in ENDPOINT_VARIABLES if os.environ.get(name)]
        self.endpoint = endpoint or (named[0] if named else None)
        self.service_namespace = namespace
        with self.errors(), warnings.catch_warnings():
            warnings.simplefilter("ignore", FutureWarning)  # of servers before 2.0
            self.client = kfp.Client(host=self.endpoint, namespace=namespace, client_id=client_id)
            several_users = self.client.get_kfp_healthz().multi_user
        self.namespace: str | None = namespace if several_users else None

    @contextmanager
    def errors(self) -> Iterator[None]:
        """Turns the client's errors into a `ServerError`, and keeps its chatter to itself."""
        where = self.endpoint or "the cluster of your kubeconfig"
        try:
            with redirect_stdout(io.StringIO()):
                yield
        except kfp_server_api.ApiException as error:
            raise ServerError(f"{where} refused: {_reason(error)}") from error
        except (urllib3.exceptions.HTTPError, OSError) as error:
            raise ServerError(
                f"no Kubeflow Pipelines at {where}: {_last(error)}. Name its API with --endpoint "
                f"or {ENDPOINT_VARIABLES[0]}, such as http://localhost:8888 after "
                "`kubectl -n kubeflow port-forward svc/ml-pipeline 8888:8888`"
            ) from error
        except (RuntimeError, TimeoutError) as error:
            raise ServerError(f"no connection to {where}: {_last(error)}") from error

    def link(self, path: str) -> str:
        """Returns the address of a page of KFP's user interface."""
        return f"{(self.endpoint or '').rstrip('/')}/#/{path}"


def pages(call: Callable[..., Any], items: str, **arguments: Any) -> Iterator[Any]:
    """Yields everything that a list call returns, page by page.

    Args:
        call: A list method of kfp.Client.
        items: Attribute of its response that holds the items.
        arguments: Further arguments of the call.
    """
    token = ""
    while True:
        response = call(page_token=token, page_size=PAGE, **arguments)
        yield from getattr(response, items, None) or ()
        token = getattr(response, "next_page_token", None) or ""
        if not token:
            return


def _reason(error: kfp_server_api.ApiException) -> str:
    """The server's own message without the Go stack that follows it."""
    try:
        body = json.loads(error.body)
        return str(body.get("message") or body.get("error") or error.reason)
    except (TypeError, ValueError):
        return f"{error.status} {error.reason}"


def _last(error: BaseException) -> str:
    return str(getattr(error, "reason", None) or error) or type(error).__name__
