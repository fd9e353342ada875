"""A server on this machine that speaks KFP's v2beta1 REST shapes, built from its own models."""

import datetime
import json
import re
import socket
import ssl
import struct
import threading
import urllib.parse
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import kfp_server_api as api
import yaml

API = "/apis/v2beta1"
START = datetime.datetime(2026, 11, 22, 7, 0, tzinfo=datetime.UTC)


class FakeServer:
    """Keeps pipelines, experiments, runs and recurring runs in memory."""

    def __init__(
        self, multi_user: bool = False, tls: ssl.SSLContext | None = None, **required: str
    ) -> None:
        """Starts to listen.

        Args:
            multi_user: Whether there are several users.
            tls: Certificate of the server; None: no TLS.
            required: Header -> value without which requests are refused.
        """
        self.multi_user = multi_user
        self.required = required
        self.faults: list[str] = []
        """What the next requests meet: a status instead of an answer, "reset" instead of being
        served, or "lost" on the way back."""
        self.pipelines: dict[str, api.V2beta1Pipeline] = {}
        self.versions: dict[str, api.V2beta1PipelineVersion] = {}
        self.experiments: dict[str, api.V2beta1Experiment] = {}
        self.runs: dict[str, api.V2beta1Run] = {}
        self.recurring: dict[str, api.V2beta1RecurringRun] = {}
        self.logs: dict[str, str] = {}
        self.pod_logs: dict[str, str] = {}
        """Pod -> log, as Kubernetes has it: this server is its API, too."""
        self.workflows: dict[str, dict[str, Any]] = {}
        """Run -> Argo's Workflow."""
        self.requests: list[str] = []
        self.page = 100
        self._count = 0
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        if tls:
            self._server.socket = tls.wrap_socket(self._server.socket, server_side=True)
        self.url = f"http{'s' if tls else ''}://127.0.0.1:{self._server.server_port}"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def close(self) -> None:
        """Stops listening."""
        self._server.shutdown()
        self._server.server_close()

    def meets(self, fault: str) -> bool:
        """Says whether a fault is next, and takes it away."""
        found = self.faults[:1] == [fault]
        del self.faults[: int(found)]
        return found

    def new_id(self, kind: str) -> str:
        """Returns an id."""
        self._count += 1
        return f"{kind}-{self._count}"

    def now(self) -> datetime.datetime:
        """Returns a time later than all before."""
        return START + datetime.timedelta(seconds=self._count)

    def answer(self, method: str, path: str, query: dict[str, str], body: Any) -> Any:
        """Finds and calls what a request asks for."""
        self.requests.append(f"{method} {path}")
        for status in self.faults[:1]:
            if status.isdigit():
                del self.faults[0]
                raise Refusal(int(status), "away")
        for verb, pattern, call in ROUTES:
            match = re.fullmatch(pattern, path)
            if verb == method and match:
                return call(self, query, body, *match.groups())
        raise Refusal(404, f"no {method} {path}")

    def listed(self, kind: str, items: list[Any], query: dict[str, str]) -> dict[str, Any]:
        """Returns a page of items, newest first if asked."""
        if "desc" in query.get("sort_by", ""):
            items = items[::-1]
        start = int(query.get("page_token") or 0)
        found = {kind: items[start : start + self.page], "total_size": len(items)}
        if start + self.page < len(items):
            found["next_page_token"] = str(start + self.page)
        return found

    # One method per call of the API.

    def health(self, *_: Any) -> Any:
        return api.V2beta1GetHealthzResponse(multi_user=self.multi_user)

    def upload(self, query: dict[str, str], body: bytes) -> Any:
        name = query["name"]
        if any(pipeline.display_name == name for pipeline in self.pipelines.values()):
            raise Refusal(409, f"The name {name} already exists")
        made = api.V2beta1Pipeline(
            pipeline_id=self.new_id("pipeline"),
            name=name,
            display_name=name,
            created_at=self.now(),
            namespace=query.get("namespace"),
        )
        self.pipelines[made.pipeline_id] = made
        self._add_version(made.pipeline_id, name, body)
        return made

    def upload_version(self, query: dict[str, str], body: bytes) -> Any:
        return self._add_version(query["pipelineid"], query["name"], body)

    def _add_version(self, pipeline_id: str, name: str, body: bytes) -> Any:
        documents = list(yaml.safe_load_all(_uploaded_file(body)))
        if documents[0].get("schemaVersion") != "2.1.0":
            raise Refusal(500, "unsupported schema version")
        spec = documents[0]
        if len(documents) > 1:
            spec = {"pipeline_spec": documents[0], "platform_spec": documents[1]}
        made = api.V2beta1PipelineVersion(
            pipeline_id=pipeline_id,
            pipeline_version_id=self.new_id("version"),
            display_name=name,
            name=name,
            created_at=self.now(),
            pipeline_spec=spec,
        )
        self.versions[made.pipeline_version_id] = made
        return made

    def list_pipelines(self, query: dict[str, str], body: Any) -> Any:
        return self.listed("pipelines", list(self.pipelines.values()), query)

    def list_versions(self, query: dict[str, str], body: Any, pipeline_id: str) -> Any:
        found = [v for v in self.versions.values() if v.pipeline_id == pipeline_id]
        return self.listed("pipeline_versions", found, query)

    def get_version(self, query: dict[str, str], body: Any, pipeline: str, version: str) -> Any:
        if version not in self.versions:
            raise Refusal(404, f"PipelineVersion {version} not found")
        return self.versions[version]

    def delete_version(self, query: Any, body: Any, pipeline_id: str, version_id: str) -> Any:
        del self.versions[version_id]
        return {}

    def delete_pipeline(self, query: Any, body: Any, pipeline_id: str) -> Any:
        if any(v.pipeline_id == pipeline_id for v in self.versions.values()):
            raise Refusal(400, "pipeline has versions")
        del self.pipelines[pipeline_id]
        return {}

    def create_experiment(self, query: Any, body: dict[str, Any]) -> Any:
        made = api.V2beta1Experiment(
            experiment_id=self.new_id("experiment"),
            display_name=body["display_name"],
            namespace=body.get("namespace"),
            created_at=self.now(),
        )
        self.experiments[made.experiment_id] = made
        return made

    def list_experiments(self, query: dict[str, str], body: Any) -> Any:
        found = list(self.experiments.values())
        if "filter" in query:
            wanted = json.loads(query["filter"])["predicates"][0]["stringValue"]
            found = [item for item in found if item.display_name == wanted]
        return self.listed("experiments", found, query)

    def create_run(self, query: Any, body: dict[str, Any]) -> Any:
        run_id = self.new_id("run")
        made = {**body, "run_id": run_id, "state": "PENDING", "created_at": self.now()}
        self.runs[run_id] = made
        return made

    def list_runs(self, query: dict[str, str], body: Any) -> Any:
        found = [_value(run) for run in self.runs.values()]
        if "experiment_id" in query:
            found = [run for run in found if run["experiment_id"] == query["experiment_id"]]
        if "filter" in query:
            (wanted,) = json.loads(query["filter"])["predicates"]
            assert wanted["operation"] == "IS_SUBSTRING"
            found = [run for run in found if wanted["stringValue"] in run[wanted["key"]]]
        return self.listed("runs", found, query)

    def get_run(self, query: Any, body: Any, run_id: str) -> Any:
        if run_id not in self.runs:
            raise Refusal(404, f"Run {run_id} not found")
        return self.runs[run_id]

    def get_run_v1(self, query: Any, body: Any, run_id: str) -> Any:
        run = self.get_run(query, body, run_id)
        found = {"run": {"id": run_id, "status": _value(run)["state"].title()}}
        if run_id in self.workflows:
            manifest = json.dumps(self.workflows[run_id])
            found["pipeline_runtime"] = {"workflow_manifest": manifest}
        return found

    def terminate_run(self, query: Any, body: Any, run_id: str) -> Any:
        self.runs[run_id]["state"] = "CANCELING"
        return {}

    def delete_run(self, query: Any, body: Any, run_id: str) -> Any:
        del self.runs[run_id]
        return {}

    def create_recurring(self, query: Any, body: dict[str, Any]) -> Any:
        made = {**body, "recurring_run_id": self.new_id("recurring"), "status": "ENABLED"}
        self.recurring[made["recurring_run_id"]] = made
        return made

    def list_recurring(self, query: dict[str, str], body: Any) -> Any:
        wanted = query.get("experiment_id")
        found = [item for item in self.recurring.values() if item["experiment_id"] == wanted]
        return self.listed("recurringRuns", found, query)

    def switch_recurring(self, query: Any, body: Any, recurring_id: str, verb: str) -> Any:
        self.recurring[recurring_id]["status"] = f"{verb.upper()}D"
        return {}

    def delete_recurring(self, query: Any, body: Any, recurring_id: str) -> Any:
        del self.recurring[recurring_id]
        return {}

    def log(self, query: Any, body: Any, run_id: str, node_id: str) -> Any:
        if node_id not in self.logs:
            return '{"error_message":"pod not found"}'
        return self.logs[node_id]

    def pod_log(self, query: Any, body: Any, pod: str) -> Any:
        if pod not in self.pod_logs:
            raise Refusal(404, f"pods {pod} not found")
        return self.pod_logs[pod]


class Refusal(Exception):  # noqa: N818
    """What the server does not do."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status


ROUTES: list[tuple[str, str, Callable[..., Any]]] = [
    ("GET", f"{API}/healthz", FakeServer.health),
    ("POST", f"{API}/pipelines/upload", FakeServer.upload),
    ("POST", f"{API}/pipelines/upload_version", FakeServer.upload_version),
    ("GET", f"{API}/pipelines", FakeServer.list_pipelines),
    ("DELETE", f"{API}/pipelines/([^/]+)", FakeServer.delete_pipeline),
    ("GET", f"{API}/pipelines/([^/]+)/versions", FakeServer.list_versions),
    ("GET", f"{API}/pipelines/([^/]+)/versions/([^/]+)", FakeServer.get_version),
    ("DELETE", f"{API}/pipelines/([^/]+)/versions/([^/]+)", FakeServer.delete_version),
    ("POST", f"{API}/experiments", FakeServer.create_experiment),
    ("GET", f"{API}/experiments", FakeServer.list_experiments),
    ("POST", f"{API}/runs", FakeServer.create_run),
    ("GET", f"{API}/runs", FakeServer.list_runs),
    ("GET", f"{API}/runs/([^/]+)", FakeServer.get_run),
    ("GET", "/apis/v1beta1/runs/([^/]+)", FakeServer.get_run_v1),
    ("POST", f"{API}/runs/([^/]+):terminate", FakeServer.terminate_run),
    ("DELETE", f"{API}/runs/([^/]+)", FakeServer.delete_run),
    ("POST", f"{API}/recurringruns", FakeServer.create_recurring),
    ("GET", f"{API}/recurringruns", FakeServer.list_recurring),
    ("POST", f"{API}/recurringruns/([^/:]+):(enable|disable)", FakeServer.switch_recurring),
    ("DELETE", f"{API}/recurringruns/([^/]+)", FakeServer.delete_recurring),
    ("GET", "/apis/v1alpha1/runs/([^/]+)/nodes/([^/]+)/log", FakeServer.log),
    ("GET", "/api/v1/namespaces/kubeflow/pods/([^/]+)/log", FakeServer.pod_log),
]


def _handler(server: FakeServer) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def _serve(self) -> None:
            parts = urllib.parse.urlsplit(self.path)
            query = dict(urllib.parse.parse_qsl(parts.query))
            body: Any = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            if "json" in self.headers.get("Content-Type", ""):
                body = json.loads(body or b"null")
            if any(self.headers.get(name) != text for name, text in server.required.items()):
                self.send_error(401)
            elif server.meets("reset"):
                self._reset()
            else:
                self._answer(parts.path, query, body)

        def _answer(self, path: str, query: dict[str, str], body: Any) -> None:
            status = 200
            try:
                found = server.answer(self.command, path, query, body)
            except Refusal as refusal:
                status, found = refusal.status, {"message": str(refusal), "code": refusal.status}
            if server.meets("lost"):
                self._reset()
                return
            text = found if isinstance(found, str) else json.dumps(_value(found))
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.end_headers()
            self.wfile.write(text.encode())

        def _reset(self) -> None:
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            self.close_connection = True
            self.connection.close()

        do_GET = do_POST = do_DELETE = _serve  # noqa: N815

        def log_message(self, *_: Any) -> None:
            pass

    return Handler


def _value(item: Any) -> Any:
    """JSON of one of KFP's models, with the names that the wire has."""
    if hasattr(item, "openapi_types"):
        pairs = {wire: getattr(item, name) for name, wire in item.attribute_map.items()}
        return {wire: _value(value) for wire, value in pairs.items() if value is not None}
    if isinstance(item, dict):
        return {key: _value(value) for key, value in item.items()}
    if isinstance(item, list):
        return [_value(value) for value in item]
    return item.isoformat() if isinstance(item, datetime.datetime) else item


def _uploaded_file(body: bytes) -> str:
    """The one file of a multipart body."""
    boundary = body.split(b"\r\n", 1)[0]
    part = body.split(boundary)[1]
    return part.split(b"\r\n\r\n", 1)[1].rsplit(b"\r\n", 1)[0].decode()
