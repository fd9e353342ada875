"""Records of runs that never were, written as LocalRunner and as Kubeflow Pipelines write them."""

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ml_metadata.metadata_store import MetadataStore
from ml_metadata.proto import metadata_store_pb2 as mlmd
from tfx_kubeflow.compiler.passes.names import task_name
from tfx_kubeflow.metadata.values import EXECUTOR_FLAGS

from tests.support.summary import DATA
from tfx_pipeline.components.data_gate.settings import FINDINGS_PROPERTY
from tfx_pipeline.data.summary import (
    DATA_FILES_PROPERTY,
    DATA_SUMMARY_PROPERTY,
    DataExtent,
    DataFile,
)
from tfx_pipeline.evaluation.results import SCORES_PROPERTY, VERDICTS_PROPERTY
from tfx_pipeline.lineage.records import ERROR_PROPERTY, RUN_PROPERTY

PIPELINE = "quick"
Ids = dict[str, int]
"""Artifacts by key."""
Outputs = Mapping[str, tuple[str, dict[str, Any]]]
"""Key -> kind and properties of a new artifact."""
REJECTED = "the data was rejected: error: Voltage: 400 V, allowed 260 V [FLOAT_TYPE_BIG_FLOAT]"
WARNING = {"severity": "warning", "rule": "frozen", "where": "Voltage", "message": "240 V for 9 h"}


def value(content: Any) -> mlmd.Value:
    match content:
        case int():
            return mlmd.Value(int_value=content)
        case float():
            return mlmd.Value(double_value=content)
        case str():
            return mlmd.Value(string_value=content)
    found = mlmd.Value()
    found.struct_value.SetInParent()  # ML Metadata aborts where nothing is set
    found.struct_value.update(content)
    return found


def event(artifact: int | None, key: str, output: bool) -> mlmd.Event:
    kind = mlmd.Event.OUTPUT if output else mlmd.Event.INPUT
    found = mlmd.Event(type=kind, artifact_id=artifact)
    found.path.steps.add(key=key)
    return found


class Writer:
    """Writes runs step by step into a store.

    Args:
        store: ML Metadata.
        root: Of the artifacts' URIs.
    """

    RUN, PIPELINE_TYPE = "pipeline_run", "pipeline"

    def __init__(self, store: MetadataStore, root: str) -> None:
        self.store = store
        self.root = root
        self._types: dict[tuple[str, str], int] = {}
        self.pipeline = self._context(self.PIPELINE_TYPE, PIPELINE)
        self.run = mlmd.Context()
        self._made = 0

    def begin(self, name: str) -> None:
        """Begins a run."""
        self.run = self._context(self.RUN, name)

    def step(
        self,
        component: str,
        inputs: Ids,
        outputs: Outputs,
        parameters: dict[str, Any],
        error: str | None = None,
    ) -> Ids:
        """Writes what a component did; returns what came out."""
        made = {
            key: (self._artifact(component, key, *content), event(None, key, output=True))
            for key, content in outputs.items()
        }
        state = mlmd.Execution.FAILED if error else mlmd.Execution.COMPLETE
        execution = self._execution(component, state, parameters, error)
        return self._put(execution, inputs, made)

    def cached(self, component: str, inputs: Ids, outputs: Ids, parameters: dict[str, Any]) -> Ids:
        """Writes what the cache gave for a component."""
        known = {one.id: one for one in self.store.get_artifacts_by_id(outputs.values())}
        made = {key: (known[one], event(one, key, output=True)) for key, one in outputs.items()}
        execution = self._execution(component, mlmd.Execution.CACHED, parameters, None)
        return self._put(execution, inputs, made)

    def found(self, key: str, kind: str, artifact: int | None) -> Ids:
        """Writes what a resolver step found of earlier runs; returns it as an input."""
        del kind
        if artifact is None:
            return {}
        resolver = mlmd.Execution(type_id=self._type("execution", "tfx.dsl.components.Resolver"))
        internal = event(artifact, key, output=False)
        internal.type = mlmd.Event.INTERNAL_OUTPUT
        [known] = self.store.get_artifacts_by_id([artifact])
        self.store.put_execution(resolver, [(known, internal)], [self.pipeline, self.run])
        return {key: artifact}

    def _put(self, execution: mlmd.Execution, inputs: Ids, made: Mapping[str, Any]) -> Ids:
        known = {one.id: one for one in self.store.get_artifacts_by_id(inputs.values())}
        used = [(known[one], event(one, key, output=False)) for key, one in inputs.items()]
        _, ids, _ = self.store.put_execution(
            execution, [*used, *made.values()], [self.pipeline, self.run]
        )
        return dict(zip(made, ids[len(used) :], strict=True))

    def _execution(
        self, component: str, state: int, parameters: dict[str, Any], error: str | None
    ) -> mlmd.Execution:
        kind = self._type("execution", f"tfx.components.component.{component}")
        execution = mlmd.Execution(type_id=kind, last_known_state=state)
        own = (
            parameters | {RUN_PROPERTY: self.run.name} | ({ERROR_PROPERTY: error} if error else {})
        )
        for key, content in own.items():
            execution.custom_properties[key].CopyFrom(value(content))
        return execution

    def _artifact(
        self, component: str, key: str, kind: str, properties: dict[str, Any]
    ) -> mlmd.Artifact:
        self._made += 1
        artifact = mlmd.Artifact(
            type_id=self._type("artifact", kind),
            uri=f"{self.root}/{component}/{key}/{self._made}",
            state=mlmd.Artifact.LIVE,
        )
        for name, content in properties.items():
            artifact.custom_properties[name].CopyFrom(value(content))
        return artifact

    def _context(self, kind: str, name: str) -> mlmd.Context:
        context = mlmd.Context(type_id=self._type("context", kind), name=name)
        [context.id] = self.store.put_contexts([context])
        return context

    def _type(self, of: str, name: str) -> int:
        if (of, name) not in self._types:
            makers = {
                "artifact": (self.store.put_artifact_type, mlmd.ArtifactType),
                "execution": (self.store.put_execution_type, mlmd.ExecutionType),
                "context": (self.store.put_context_type, mlmd.ContextType),
            }
            put, cls = makers[of]
            self._types[of, name] = put(cls(name=name))
        return self._types[of, name]


class KubeflowWriter(Writer):
    """Writes as KFP 2.17's driver, launcher and importer do (its `metadata/client.go`)."""

    RUN, PIPELINE_TYPE = "system.PipelineRun", "system.Pipeline"

    def begin(self, name: str) -> None:
        """Begins a run: its context below the pipeline's, and the DAG around its tasks."""
        super().begin(name)
        self.store.put_parent_contexts(
            [mlmd.ParentContext(child_id=self.run.id, parent_id=self.pipeline.id)]
        )
        self._root = self._dag("", 0, f"run/{name}")

    def found(self, key: str, kind: str, artifact: int | None) -> Ids:
        """Writes the importer and the DAG around it: a second record of the artifact's URI."""
        uri = f"{self.root}/{PIPELINE}/__none__/{key}"
        if artifact is not None:
            [known] = self.store.get_artifacts_by_id([artifact])
            uri = known.uri
        dag = self._dag(key, self._root)
        importing = self._type("execution", "system.ImporterExecution")
        importer = mlmd.Execution(type_id=importing, last_known_state=mlmd.Execution.COMPLETE)
        importer.custom_properties["task_name"].string_value = f"{key}-importer"
        importer.custom_properties["parent_dag_id"].int_value = dag
        imported = mlmd.Artifact(type_id=self._type("artifact", f"tfx.{kind}"), uri=uri)
        made = {"artifact": (imported, event(None, "artifact", output=True))}
        return {key: self._put(importer, {}, made)["artifact"]}

    def _dag(self, task: str, parent: int, name: str | None = None) -> int:
        kind = self._type("execution", "system.DAGExecution")
        dag = mlmd.Execution(type_id=kind, name=name, last_known_state=mlmd.Execution.RUNNING)
        dag.custom_properties["task_name"].string_value = task
        if parent:
            dag.custom_properties["parent_dag_id"].int_value = parent
        number, _, _ = self.store.put_execution(dag, [], [self.pipeline, self.run])
        return int(number)

    def _execution(
        self, component: str, state: int, parameters: dict[str, Any], error: str | None
    ) -> mlmd.Execution:
        kind = self._type("execution", "system.ContainerExecution")
        execution = mlmd.Execution(type_id=kind, last_known_state=state)
        for key, content in {
            "task_name": task_name(component),
            "parent_dag_id": self._root,
            "inputs": parameters,
        }.items():
            execution.custom_properties[key].CopyFrom(value(content))
        return execution

    def _artifact(
        self, component: str, key: str, kind: str, properties: dict[str, Any]
    ) -> mlmd.Artifact:
        numbers = {name: float(one) for name, one in properties.items() if isinstance(one, int)}
        if "span" in numbers:
            numbers["custom:span"] = numbers.pop("span")
            del properties["span"]
        prefix = "" if kind == "DataApproval" else "tfx."
        artifact = super()._artifact(component, key, prefix + kind, properties | numbers)
        folder = f"{PIPELINE}/{self.run.name}/{task_name(component)}/{self._made}"
        artifact.uri = f"{self.root}/{folder}/{key}"
        return artifact


class Story:
    """Runs of the whole pipeline.

    Args:
        writer: Writes them.
        serving: Folder of the served versions.
        more: Characters of further parameters, for stores as large as real ones.
    """

    def __init__(self, writer: Writer, serving: Path, more: int = 0) -> None:
        self._writer = writer
        self._serving = serving
        self._more = "x" * more
        self.served: dict[str, int] = {}
        """Version -> model."""

    def prepared(self, name: str, file: DataFile, span: int, first: str, last: str) -> Ids:
        """Begins a run and writes its steps up to the data gate."""
        write = self._writer
        write.begin(name)
        text = {"text": f"feature {{ name: 'Voltage' }}{self._more}"}
        made = write.step("CuratedSchema", {}, {"schema": ("Schema", code("c0"))}, text)
        summary = DATA.model_copy(update={"first": first, "last": last})
        examples = {
            DATA_SUMMARY_PROPERTY: summary.model_dump_json(include=set(DataExtent.model_fields)),
            DATA_FILES_PROPERTY: json.dumps([file.model_dump()]),
            "span": span,
            "input_fingerprint": f"files:1,sha256:{file.sha256}",
        }
        given = {"span": span, "custom_config": json.dumps({"value": '{"rows": null}'})}
        made |= write.step(
            "PowerExampleGen", {}, {"examples": ("Examples", examples | code("e0"))}, given
        )
        made |= write.step(
            "StatisticsGen", pick(made, "examples"), {"statistics": ("ExampleStatistics", {})}, {}
        )
        return made | write.step(
            "ExampleValidator",
            pick(made, "statistics", "schema"),
            {"anomalies": ("ExampleAnomalies", {})},
            {},
        )

    def rejected(self, made: Ids, error: str = REJECTED) -> None:
        """Ends a run at its data gate."""
        self._writer.step("DataGate", self._gate_inputs(made), {}, {"rules": "{}"}, error)

    def trained(self, made: Ids, seed: int, hyperparameters: int | None = None) -> Ids:
        """Writes the data gate, and the steps up to a model."""
        write = self._writer
        findings = {FINDINGS_PROPERTY: json.dumps([WARNING])}
        made = made | write.step(
            "DataGate",
            self._gate_inputs(made),
            {"approval": ("DataApproval", findings)},
            {"rules": "{}"},
        )
        made |= write.step(
            "Transform",
            pick(made, "examples", "schema"),
            {"transform_graph": ("TransformGraph", code("t0"))},
            {"custom_config": json.dumps({"more": self._more})},
        )
        config = {"custom_config": json.dumps({"seed": seed, "more": self._more})}
        given = pick(made, "examples", "schema", "transform_graph")
        if hyperparameters is None:
            found = {"hyperparameters": ("HyperParameters", code("u0"))}
            made |= write.step("Tuner", given, found, config)
        else:
            made |= write.found("hyperparameters", "HyperParameters", hyperparameters)
        given |= pick(made, "hyperparameters")
        return made | write.step("Trainer", given, {"model": ("Model", code("m0"))}, config)

    def evaluated(
        self, made: Ids, mse: float, version: str | None, against: str | None = None
    ) -> Ids:
        """Writes the gates of a model, and its push where there is a version for it."""
        write = self._writer
        baseline = write.found("baseline_model", "Model", self.served.get(against or ""))
        passed = version is not None
        figures = {"mse": mse, "mae": 0.1, "mse_ratio": mse / 0.14, "mae_ratio": 0.8}
        figures |= {"coverage_p10_p90": 0.8, "bias": 0.0}
        verdict = {
            "rule": "mse_ratio",
            "slice": None,
            "outcome": "passed" if passed else "failed",
            "finding": f"MSE {mse:g} kW², at most 0.95 of the best naive forecast's",
        }
        decision = {"blessed": int(passed), VERDICTS_PROPERTY: json.dumps([verdict])}
        decision["current_model_digest"] = hashlib.sha256(f"{made['model']}".encode()).hexdigest()
        found = {
            "blessing": ("ModelBlessing", decision),
            "evaluation": ("ModelEvaluation", {SCORES_PROPERTY: json.dumps(figures)} | code("v0")),
        }
        given = pick(made, "examples", "schema", "model") | baseline
        config = {"eval_config": json.dumps({"margin": 0.05, "more": self._more})}
        made = made | write.step("Evaluator", given, found, config)
        checked = {"blessed": 1, "reason": "answered as recorded", "latency_ms": 1.5}
        made |= {
            "infra_blessing": write.step(
                "ServingCheck", pick(made, "model"), {"blessing": ("InfraBlessing", checked)}, {}
            )["blessing"]
        }
        pushed: dict[str, Any] = {"pushed": int(passed), "message": "not pushed: a gate refused it"}
        if version is not None:
            pushed["message"] = f"pushed as version {version}"
            pushed |= {
                "pushed_version": version,
                "pushed_destination": str(self._serving / version),
            }
            self.served[version] = made["model"]
            (self._serving / version).mkdir(parents=True)
            (self._serving / version / "saved_model.pb").touch()
        given = {"model_blessing": made["blessing"]} | pick(made, "model", "infra_blessing")
        return made | write.step("Pusher", given, {"pushed_model": ("PushedModel", pushed)}, {})

    def again(self, name: str, made: Ids) -> None:
        """Writes a run in which everything comes from the cache."""
        write = self._writer
        write.begin(name)
        for component, inputs, outputs in (
            ("CuratedSchema", (), ("schema",)),
            ("PowerExampleGen", (), ("examples",)),
            ("StatisticsGen", ("examples",), ("statistics",)),
            ("ExampleValidator", ("statistics", "schema"), ("anomalies",)),
            ("DataGate", ("examples", "statistics", "anomalies", "schema"), ("approval",)),
            ("Transform", ("examples", "schema"), ("transform_graph",)),
            ("Tuner", ("examples", "schema", "transform_graph"), ("hyperparameters",)),
            ("Trainer", ("examples", "schema", "transform_graph", "hyperparameters"), ("model",)),
            ("Evaluator", ("examples", "schema", "model"), ("blessing", "evaluation")),
            ("Pusher", ("model", "infra_blessing"), ("pushed_model",)),
        ):
            write.cached(component, pick(made, *inputs), pick(made, *outputs), {})

    def rolled_back(self, version: str) -> None:
        """Removes a version, as `tfx-kubeflow` or a person does."""
        (self._serving / version / "saved_model.pb").unlink()

    def _gate_inputs(self, made: Ids) -> Ids:
        return pick(made, "examples", "statistics", "anomalies", "schema")


def sqlite_store(database: Path) -> MetadataStore:
    """Makes a store in a file."""
    mode = mlmd.SqliteMetadataSourceConfig.READWRITE_OPENCREATE
    source = mlmd.SqliteMetadataSourceConfig(filename_uri=str(database), connection_mode=mode)
    return MetadataStore(mlmd.ConnectionConfig(sqlite=source))


def pick(made: Ids, *keys: str) -> Ids:
    return {key: made[key] for key in keys}


def code(fingerprint: str) -> dict[str, Any]:
    return {EXECUTOR_FLAGS: f"--code={fingerprint}"}


def data_file(path: Path, content: str) -> DataFile:
    """Writes a file of data."""
    path.write_text(content)
    digest = hashlib.sha256(content.encode()).hexdigest()
    return DataFile(path=str(path), size=len(content), sha256=digest)


def tell(writer: Writer, folder: Path) -> tuple[Story, Ids]:
    """Writes seven runs, of which the gate refuses one, the data gate one, and one is taken back.

    Args:
        writer: Writes them.
        folder: With `january.csv`, `wrong.csv` and `march.csv`, and the served versions.

    Returns:
        For more runs: the story, and what the newest one made.
    """
    january = data_file(folder / "january.csv", "january")
    wrong = data_file(folder / "wrong.csv", "wrong")
    march = data_file(folder / "march.csv", "march")
    story = Story(writer, folder / "serving" / PIPELINE)
    winter = (january, 1, "2007-01-01 00:00", "2007-02-28 23:59")
    spring = (march, 3, "2007-03-01 00:00", "2007-03-31 23:59")

    first = story.evaluated(story.trained(story.prepared("first", *winter), seed=1), 0.10, "100")
    story.again("unchanged", first)
    refused = story.trained(story.prepared("refused", *winter), seed=2)
    story.evaluated(refused, 0.15, None, against="100")
    story.rejected(story.prepared("rejected", wrong, 2, "2007-02-01 00:00", "2007-02-28 23:59"))
    newer = story.trained(story.prepared("newer", *spring), seed=1)
    newer = story.evaluated(newer, 0.09, "200", against="100")
    story.rolled_back("200")
    tuned = first["hyperparameters"]
    after = story.trained(story.prepared("after rollback", *spring), 3, hyperparameters=tuned)
    after = story.evaluated(after, 0.08, "300", against="100")
    story.again("last", newer)
    return story, after
