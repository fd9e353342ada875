"""A KServe InferenceService in Standard mode, as labels want it: what is changed in its document.

Since KServe 0.20 `spec.canary` runs a second Deployment beside the stable one, and a promotion
gives the stable predictor the canary's name, so that its pods stay. KServe splits no requests
between the two: their shares are those of the pods, behind a Service that selects both
(deploy/kserve).
"""

from __future__ import annotations

import copy
import math
import posixpath
from collections.abc import Mapping
from typing import Any

from tfx_kubeflow.errors import StepError
from tfx_kubeflow.storage.labels import Canary

Document = dict[str, Any]

MODE = "serving.kserve.io/deploymentMode"
STANDARD = {"Standard", "RawDeployment"}
"""The latter is what KServe called it before 0.16."""
STORES = {"minio://": "s3://"}
"""Schemes that KServe calls otherwise."""


def require_standard(service: Document) -> None:
    """Refuses what the verbs cannot change.

    Raises:
        StepError: It is in another mode than Standard, splits by `canaryTrafficPercent`, or its
            model comes from no `storageUri`.
    """
    name = service["metadata"]["name"]
    annotated = service["metadata"].get("annotations", {}).get(MODE)
    mode = annotated or service.get("status", {}).get("deploymentMode")
    if mode not in STANDARD:
        raise StepError(
            f"InferenceService {name} is in deployment mode {mode or 'unknown'}, and spec.canary "
            f"works in Standard mode alone; annotate it with {MODE}: Standard when it is made"
        )
    predictor = service["spec"]["predictor"]
    if "canaryTrafficPercent" in predictor:
        raise StepError(
            f"InferenceService {name}: spec.predictor.canaryTrafficPercent does nothing in "
            "Standard mode; remove it, and use these verbs, which set spec.canary"
        )
    if not predictor.get("model", {}).get("storageUri"):
        raise StepError(
            f"InferenceService {name}: spec.predictor.model.storageUri is missing, which is what "
            "these verbs change"
        )


def prefix(service: Document, base: str) -> str:
    """Returns the URI below which KServe finds the versions of a push destination.

    Args:
        service: The InferenceService; its model's URI ends with a version.
        base: Folder or URI of the push destination.

    Raises:
        StepError: It serves from another place.
    """
    serves = posixpath.dirname(service["spec"]["predictor"]["model"]["storageUri"].rstrip("/"))
    for scheme, other in STORES.items():
        base = base.replace(scheme, other) if base.startswith(scheme) else base
    if "://" in base and serves != base.rstrip("/"):
        raise StepError(
            f"InferenceService {service['metadata']['name']} serves from {serves}, and the labels "
            f"are those of {base}; give its base, or change its storageUri"
        )
    return serves


def version_of(predictor: Document) -> str:
    """Returns the version that a predictor serves."""
    uri: str = predictor["model"]["storageUri"]
    return posixpath.basename(uri.rstrip("/"))


def deployment(service: Document, predictor: Document) -> str:
    """Returns the name of a predictor's Deployment."""
    parts = (service["metadata"]["name"], predictor.get("name"), "predictor")
    return "-".join(filter(None, parts))


def pods(service: Document) -> int:
    """Returns how many pods answer, of all versions."""
    return int(service["spec"]["predictor"].get("minReplicas", 1))


def canary_of(service: Document, version: str) -> Document | None:
    """Returns the canary's entry of a version."""
    entries: list[Document] = service["spec"].get("canary", [])
    return next((one for one in entries if version_of(one["predictor"]) == version), None)


def with_all_pods(service: Document, uri: str, version: str) -> Document:
    """Returns the service with a version as its only canary, with as many pods as stable has.

    That is the step before a promotion: KServe removes what was stable at once.

    Args:
        service: The InferenceService.
        uri: Below which the versions are.
        version: The version.
    """
    there = canary_of(service, version)
    percent = there["trafficPercent"] if there else 0
    entry = _entry(service, uri, version, percent)
    entry["predictor"]["minReplicas"] = pods(service)
    return _changed(service, canary=[entry])


def with_stable(service: Document, uri: str, version: str) -> Document:
    """Returns the service with a version as its stable one, and without a canary.

    Args:
        service: The InferenceService.
        uri: Below which the versions are.
        version: The version.
    """
    made = _changed(service, canary=[])
    predictor = made["spec"]["predictor"]
    predictor["name"] = _name(version)
    predictor["model"]["storageUri"] = f"{uri}/{version}/"
    return made


def with_canary(service: Document, uri: str, wanted: Canary | None) -> Document:
    """Returns the service with this canary and no other.

    Args:
        service: The InferenceService.
        uri: Below which the versions are.
        wanted: The canary; None: none.
    """
    if wanted is None:
        return _changed(service, canary=[])
    return _changed(service, canary=[_entry(service, uri, wanted.version, wanted.percent)])


def shares(service: Document) -> tuple[int, int]:
    """Returns how many pods answer as stable and as the canary, once those are ready."""
    total = pods(service)
    tried = sum(
        one["predictor"].get("minReplicas", math.ceil(total * one["trafficPercent"] / 100))
        for one in service["spec"].get("canary", [])
    )
    return max(total - tried, 1), tried


def _entry(service: Document, uri: str, version: str, percent: int) -> Document:
    model = copy.deepcopy(service["spec"]["predictor"]["model"])
    model["storageUri"] = f"{uri}/{version}/"
    return {"trafficPercent": percent, "predictor": {"name": _name(version), "model": model}}


def _changed(service: Document, canary: list[Document]) -> Document:
    made = copy.deepcopy(service)
    made["spec"].pop("canary", None)
    if canary:
        made["spec"]["canary"] = canary
    return made


def _name(version: str) -> str:
    return f"v{int(version)}"


def conditions(service: Mapping[str, Any]) -> str:
    """Returns why the service is not ready, in its own words; empty where it says nothing."""
    found = service.get("status", {}).get("conditions", [])
    return "; ".join(
        f"{one['type']}: {one['message']}"
        for one in found
        if one.get("status") == "False" and one.get("message")
    )
