"""A server that answers as Kubernetes does for one InferenceService and its Deployments.

Shapes and refusals are those of KServe 0.20's and Kubernetes' API (docs/serving.md says so); pods
are ready by themselves.
"""

from __future__ import annotations

import copy
import json
import math
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

SERVICE = "/apis/serving.kserve.io/v1beta1/namespaces/house/inferenceservices/power"
DEPLOYMENTS = "/apis/apps/v1/namespaces/house/deployments/"


class FakeKServe:
    """Its state, and what the tests look at.

    Attributes:
        service: The InferenceService.
        conflicts: Writes that are answered by 409 before one is taken.
        refusal: Status and message of every write; None: they are taken.
        unready: Names of predictors whose pods never get ready.
        history: spec after each write.
    """

    def __init__(self, storage: str, version: str, pods: int = 4) -> None:
        self.service: dict[str, Any] = {
            "apiVersion": "serving.kserve.io/v1beta1",
            "kind": "InferenceService",
            "metadata": {
                "name": "power",
                "namespace": "house",
                "resourceVersion": "1",
                "generation": 1,
                "annotations": {"serving.kserve.io/deploymentMode": "Standard"},
            },
            "spec": {
                "predictor": {
                    "name": f"v{version}",
                    "minReplicas": pods,
                    "model": {
                        "modelFormat": {"name": "tensorflow"},
                        "runtime": "household-power",
                        "storageUri": f"{storage}/{version}/",
                    },
                }
            },
            "status": {"deploymentMode": "Standard", "conditions": []},
        }
        self.conflicts = 0
        self.refusal: tuple[int, str] | None = None
        self.unready: set[str] = set()
        self.history: list[dict[str, Any]] = []

    def put(self, body: dict[str, Any]) -> tuple[int, Any]:
        if self.refusal:
            return self.refusal[0], self.refusal[1]
        metadata = self.service["metadata"]
        if self.conflicts:
            self.conflicts -= 1
            metadata["resourceVersion"] = str(int(metadata["resourceVersion"]) + 1)
        if body["metadata"]["resourceVersion"] != metadata["resourceVersion"]:
            return 409, "the object has been modified; please apply your changes"
        names = [one["predictor"]["name"] for one in body["spec"].get("canary", [])]
        if body["spec"]["predictor"].get("name") in names or len(set(names)) < len(names):
            return (
                400,
                'admission webhook denied the request: canary predictor.name "..." conflicts',
            )
        if sum(one["trafficPercent"] for one in body["spec"].get("canary", [])) > 100:
            return 400, "admission webhook denied the request: sum of canary trafficPercent"
        self.service["spec"] = copy.deepcopy(body["spec"])
        metadata["resourceVersion"] = str(int(metadata["resourceVersion"]) + 1)
        self.history.append(copy.deepcopy(body["spec"]))
        return 200, self.service

    def deployment(self, name: str) -> tuple[int, Any]:
        spec = self.service["spec"]
        total = spec["predictor"]["minReplicas"]
        wanted = {
            f"power-{spec['predictor']['name']}-predictor": (spec["predictor"]["name"], total)
        }
        for one in spec.get("canary", []):
            share = math.ceil(total * one["trafficPercent"] / 100)
            count = one["predictor"].get("minReplicas", share)
            wanted[f"power-{one['predictor']['name']}-predictor"] = one["predictor"]["name"], count
        if name not in wanted:
            return 404, f'deployments.apps "{name}" not found'
        predictor, count = wanted[name]
        ready = 0 if predictor in self.unready else count
        status = {"observedGeneration": 1, "readyReplicas": ready, "updatedReplicas": ready}
        return 200, {"metadata": {"name": name, "generation": 1}, "status": status}


@contextmanager
def serving(fake: FakeKServe, folder: Path) -> Iterator[Path]:
    """Serves it, and writes a kubeconfig for it below a folder."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            if self.path == SERVICE:
                self._answer(200, fake.service)
            elif self.path.startswith(DEPLOYMENTS):
                self._answer(*fake.deployment(self.path.removeprefix(DEPLOYMENTS)))
            else:
                self._answer(404, "the server could not find the requested resource")

        def do_PUT(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            self._answer(*fake.put(body))

        def _answer(self, status: int, content: Any) -> None:
            if status >= 400:
                content = {"kind": "Status", "code": status, "message": content}
            text = json.dumps(content).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(text)))
            self.end_headers()
            self.wfile.write(text)

        def log_message(self, *_: Any) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        path = folder / "kubeconfig"
        cluster = {"server": f"http://127.0.0.1:{server.server_port}"}
        config = {
            "apiVersion": "v1",
            "kind": "Config",
            "current-context": "fake",
            "clusters": [{"name": "fake", "cluster": cluster}],
            "users": [{"name": "fake", "user": {}}],
            "contexts": [{"name": "fake", "context": {"cluster": "fake", "user": "fake"}}],
        }
        path.write_text(json.dumps(config))
        yield path
        server.shutdown()
