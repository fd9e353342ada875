"""The logs of a run's pods: from KFP's server, or else from Kubernetes itself.

KFP 2.17 alone does not do: for a single user its server asks Kubernetes for pods of no namespace
and finds none, and archived logs it finds only where Argo did not compress the run's nodes.
"""

from __future__ import annotations

import functools
import logging
import os
from typing import Any

import kubernetes
import urllib3

from tfx_kubeflow.client.connection import TIMEOUT, Connection, ServerAway, ServerError

log = logging.getLogger(__name__)

CONTAINER = "main"
NO_LOG = '{"error_message"'
"""Begins what KFP's server answers, with status 200, where it has no log."""
UNREADABLE = (
    "KFP's server has none, and Kubernetes has none of this pod or cannot be asked; "
    "with a kubeconfig of the cluster it can"
)


class PodLogs:
    """The logs of a run's pods.

    Args:
        connection: The server.
        run_id: The run.
    """

    def __init__(self, connection: Connection, run_id: str) -> None:
        self._connection = connection
        self._run_id = run_id
        self._namespace = connection.namespace or connection.service_namespace

    def path(self, pod: str) -> str:
        """Returns where a log is below KFP's URL."""
        return f"/apis/v1alpha1/runs/{self._run_id}/nodes/{pod}/log"

    def read(self, pod: str) -> str:
        """Returns the log of a pod so far; empty where there is none.

        Raises:
            ServerAway: KFP's server cannot be reached, or is not well.
        """
        try:
            text = self._connection.text(self.path(pod))
        except ServerAway:
            raise
        except ServerError as error:
            log.debug("%s", error)
            text = NO_LOG
        return text if not text.startswith(NO_LOG) else self._from_kubernetes(pod)

    def _from_kubernetes(self, pod: str) -> str:
        core = _core()
        if core is None:
            return ""
        try:
            response = core.read_namespaced_pod_log(
                pod,
                self._namespace,
                container=CONTAINER,
                _preload_content=False,
                _request_timeout=TIMEOUT,
            )
        except (kubernetes.client.ApiException, urllib3.exceptions.HTTPError, OSError) as error:
            log.debug("%s: %s", pod, error)
            return ""
        return bytes(response.data).decode(errors="replace")


@functools.cache
def _core() -> Any:
    """A client of the cluster that this machine's kubeconfig names; None without one."""
    path = os.environ.get("KUBECONFIG") or kubernetes.config.KUBE_CONFIG_DEFAULT_LOCATION
    try:
        kubernetes.config.load_kube_config(path)
    except (kubernetes.config.ConfigException, OSError, ValueError, TypeError) as error:
        log.debug("no kubeconfig: %s", error)
        return None
    return kubernetes.client.CoreV1Api()
