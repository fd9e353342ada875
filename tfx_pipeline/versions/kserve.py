"""Has a KServe InferenceService serve what the labels say."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from typing import Any

import kubernetes
import urllib3
from tfx_kubeflow.errors import StepError
from tfx_kubeflow.storage.labels import Labels

from tfx_pipeline.versions import inference_service as service_of
from tfx_pipeline.versions.inference_service import Document

GROUP, VERSION, PLURAL = "serving.kserve.io", "v1beta1", "inferenceservices"
TIMEOUT = (5.0, 30.0)
"""Seconds for a connection to the API server, and for its answer."""
ATTEMPTS = 10
"""Of a change, where others change the same object."""
POLL = 1.0
"""Seconds between looks at what Kubernetes does."""


class KServe:
    """An InferenceService.

    Args:
        namespace: Of the InferenceService.
        name: Its name.
        patience: Seconds that pods may take until they are ready.
        say: Gets a line for each step.

    Raises:
        StepError: No cluster is configured.
    """

    def __init__(
        self, namespace: str, name: str, patience: float, say: Callable[[str], None] = print
    ) -> None:
        try:
            kubernetes.config.load_config()
        except kubernetes.config.ConfigException as error:
            raise StepError(f"no cluster is configured ($KUBECONFIG): {error}") from error
        self._objects = kubernetes.client.CustomObjectsApi()
        self._apps = kubernetes.client.AppsV1Api()
        self._names = {"group": GROUP, "version": VERSION, "namespace": namespace}
        self._names |= {"plural": PLURAL, "name": name}
        self._namespace, self._name = namespace, name
        self._patience = patience
        self._say = say

    def require(self, base: str) -> None:
        """Refuses what the verbs cannot change, before anything is.

        Raises:
            StepError: It is not there, in another mode, or serves from another place.
        """
        service = self._read()
        service_of.require_standard(service)
        service_of.prefix(service, base)

    def follow(self, base: str, labels: Labels) -> None:
        """Makes stable and canary what the labels say; what is so stays as it is.

        Another stable version first gets all the pods it needs as the canary: KServe removes the
        Deployment of what was stable at once.

        Args:
            base: Folder or URI of the push destination.
            labels: Of the push destination.

        Raises:
            StepError: It does not come to that in time; given again, the verb goes on.
        """
        service = self._read()
        service_of.require_standard(service)
        uri = service_of.prefix(service, base)
        stable = labels.stable.version
        if service_of.version_of(service["spec"]["predictor"]) != stable:
            service = self._change(lambda one: service_of.with_all_pods(one, uri, stable))
            self._wait(service, stable)
            service = self._change(lambda one: service_of.with_stable(one, uri, stable))
        service = self._change(lambda one: service_of.with_canary(one, uri, labels.canary))
        if labels.canary:
            self._wait(service, labels.canary.version)
        self._say(self._in_words(service, labels))

    def _in_words(self, service: Document, labels: Labels) -> str:
        text = f"{self._namespace}/{self._name} serves version {labels.stable.version} as stable"
        if labels.canary is None:
            return text
        stable, canary = service_of.shares(service)
        return (
            f"{text} with {stable} pods, and {labels.canary.version} as the canary with {canary}: "
            f"it answers about {canary / (stable + canary):.0%} of the requests to a Service that "
            f"selects both ({labels.canary.percent} % were asked for; KServe splits pods)"
        )

    def _wait(self, service: Document, version: str) -> None:
        """Waits until the canary's pods are ready, all of them."""
        entry = service_of.canary_of(service, version)
        if entry is None:  # somebody else has changed it meanwhile
            raise StepError(f"{self._namespace}/{self._name}: the canary {version} is gone")
        name = service_of.deployment(service, entry["predictor"])
        wanted = service_of.shares(service)[1]
        deadline = time.monotonic() + self._patience
        said = False
        while (ready := self._ready(name)) < wanted:
            if time.monotonic() > deadline:
                why = service_of.conditions(self._read())
                raise StepError(
                    f"{self._namespace}/{name}: {ready} of {wanted} pods are ready after "
                    f"{self._patience:g} s{f' ({why})' if why else ''}; the labels are changed, "
                    "what was stable goes on answering; once the cause is gone, give the verb "
                    "again, or roll back"
                )
            if not said:
                self._say(f"waiting for {wanted} pods of {name}")
                said = True
            time.sleep(POLL)

    def _ready(self, name: str) -> int:
        try:
            found = self._apps.read_namespaced_deployment(
                name, self._namespace, _request_timeout=TIMEOUT
            )
        except kubernetes.client.ApiException as error:
            if error.status == 404:  # KServe has not made it yet
                return 0
            raise self._refused(error) from error
        except urllib3.exceptions.HTTPError as error:
            raise _silent(error) from error
        state = found.status
        if (state.observed_generation or 0) < found.metadata.generation:
            return 0
        return min(state.ready_replicas or 0, state.updated_replicas or 0)

    def _read(self) -> Document:
        found: Document = self._asked(self._objects.get_namespaced_custom_object)
        return found

    def _change(self, change: Callable[[Document], Document]) -> Document:
        for _ in range(ATTEMPTS):
            service = self._read()
            wanted = change(service)
            if wanted == service:
                return service
            try:
                made: Document = self._objects.replace_namespaced_custom_object(
                    **self._names, body=wanted, _request_timeout=TIMEOUT
                )
                return made
            except kubernetes.client.ApiException as error:
                if error.status != 409:
                    raise self._refused(error) from error
            except urllib3.exceptions.HTTPError as error:
                raise _silent(error) from error
        raise StepError(f"{self._namespace}/{self._name}: others change it all the time; try again")

    def _asked(self, call: Callable[..., Any]) -> Any:
        try:
            return call(**self._names, _request_timeout=TIMEOUT)
        except kubernetes.client.ApiException as error:
            raise self._refused(error) from error
        except urllib3.exceptions.HTTPError as error:
            raise _silent(error) from error

    def _refused(self, error: kubernetes.client.ApiException) -> StepError:
        where = f"InferenceService {self._namespace}/{self._name}"
        if error.status == 404:
            return StepError(f"{where}: not there, or KServe is not installed in this cluster")
        if error.status in (401, 403):
            return StepError(f"{where}: not allowed: {_message(error)}")
        return StepError(f"{where}: the cluster refuses it ({error.status}): {_message(error)}")


def _message(error: kubernetes.client.ApiException) -> str:
    try:
        return str(json.loads(error.body)["message"])
    except (TypeError, ValueError, KeyError):
        return str(error.reason)


def _silent(error: Exception) -> StepError:
    return StepError(f"the cluster's API server does not answer: {error}")
