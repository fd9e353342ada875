"""A namespace of a Kubernetes cluster, as kubectl sees it, and a pod in it that asks servers."""

from __future__ import annotations

import json
import os
import subprocess
import time
from collections.abc import Callable, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.support import asker

ASKER = "asker"
RESTRICTED = {
    "runAsNonRoot": True,
    "allowPrivilegeEscalation": False,
    "capabilities": {"drop": ["ALL"]},
    "seccompProfile": {"type": "RuntimeDefault"},
}
ENFORCED = "pod-security.kubernetes.io/enforce=restricted"


class Namespace:
    """One that admits only pods of Pod Security `restricted`, with a pod to ask from.

    Args:
        name: Made if it is missing.
        image: With Python, for the asking pod.
    """

    def __init__(self, name: str, image: str) -> None:
        self.name = name
        subprocess.run(["kubectl", "create", "namespace", name], capture_output=True, check=False)
        self.kubectl("label", "namespace", name, ENFORCED, "--overwrite")
        container = {
            "name": ASKER,
            "image": image,
            "command": ["sleep", "infinity"],
            "securityContext": RESTRICTED,
        }
        spec = {"containers": [container], "terminationGracePeriodSeconds": 0}
        self.apply({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": ASKER}, "spec": spec})
        self.kubectl("wait", "--for=condition=Ready", f"pod/{ASKER}", "--timeout=120s")

    def kubectl(self, *arguments: str, given: str | None = None) -> str:
        """Runs kubectl in the namespace and returns what it prints."""
        command = ["kubectl", "--namespace", self.name, *arguments]
        done = subprocess.run(command, input=given, capture_output=True, text=True, check=False)
        assert done.returncode == 0, f"{' '.join(command)}: {done.stderr}"
        return done.stdout

    def apply(self, *objects: Mapping[str, Any]) -> None:
        """Applies objects."""
        listed = {"apiVersion": "v1", "kind": "List", "items": objects}
        self.kubectl("apply", "--filename=-", given=json.dumps(listed))

    def apply_folder(self, folder: Path) -> None:
        """Applies a kustomization."""
        self.kubectl("apply", "--kustomize", str(folder))

    def get(self, *arguments: str) -> dict[str, Any]:
        """Returns an object, or a list of them."""
        found: dict[str, Any] = json.loads(self.kubectl("get", *arguments, "--output=json"))
        return found

    def pods(self, selector: str) -> list[str]:
        """Returns the names of those pods that are not about to end."""
        found = self.get("pods", f"--selector={selector}")["items"]
        return [
            pod["metadata"]["name"] for pod in found if "deletionTimestamp" not in pod["metadata"]
        ]

    def of_pod(self, pod: str, port: int, path: str) -> dict[str, Any] | None:
        """Asks a pod through the API server; None where it answers no 200."""
        uri = f"/api/v1/namespaces/{self.name}/pods/{pod}:{port}/proxy{path}"
        done = subprocess.run(
            ["kubectl", "get", "--raw", uri], capture_output=True, text=True, check=False
        )
        return json.loads(done.stdout) if done.returncode == 0 else None

    def address(self, service: str) -> str:
        """Returns the cluster's address of a Service; a test's cluster may have no DNS."""
        return str(self.get("service", service)["spec"]["clusterIP"])

    def ask(self, url: str, request: Mapping[str, Any], times: int) -> dict[str, Any]:
        """Asks from within the cluster; what `tests.support.asker` prints."""
        found: dict[str, Any] = json.loads(self._asking(url, request, times, 0.0).communicate()[0])
        return found

    @contextmanager
    def asked(self, url: str, request: Mapping[str, Any], found: list[dict[str, Any]], many: int):
        """Asks all the time, `many` at once, while the block runs; appends what came of each."""
        running = [self._asking(url, request, 10**9, 0.01) for _ in range(many)]
        try:
            yield
        finally:
            self.kubectl("exec", ASKER, "--", "touch", asker.STOP)
            found += [json.loads(one.communicate()[0]) for one in running]
            self.kubectl("exec", ASKER, "--", "rm", asker.STOP)

    def _asking(
        self, url: str, request: Mapping[str, Any], times: int, pause: float
    ) -> subprocess.Popen[str]:
        source = Path(asker.__file__).read_text()
        command = ["kubectl", "--namespace", self.name, "exec", "--stdin", ASKER, "--"]
        command += ["python", "-c", source, url, str(times), str(pause)]
        started = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        assert started.stdin
        # All of it now: `communicate` waits for the end.
        started.stdin.write(json.dumps(request))
        started.stdin.close()
        started.stdin = None
        return started


def until(found: Callable[[], Any], what: str, seconds: float = 180.0) -> Any:
    """Waits until something is there and returns it."""
    end = time.monotonic() + seconds
    while not (one := found()):
        assert time.monotonic() < end, f"not within {seconds:g} s: {what}"
        time.sleep(1.0)
    return one


def given(*names: str) -> list[str]:
    """Returns variables of the environment, or skips the test."""
    missing = [name for name in names if not os.environ.get(name)]
    if missing:
        pytest.skip(f"no cluster and store to serve from: {', '.join(missing)} are not given")
    return [os.environ[name] for name in names]
