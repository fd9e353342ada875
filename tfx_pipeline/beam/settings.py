"""The settings of Beam: which engine runs a node's steps, and with what arguments."""

import hashlib
import posixpath
from collections.abc import Callable, Mapping
from typing import Annotated, Literal, Self, get_args

from pydantic import Field, StringConstraints, ValidationError, model_validator
from pydantic_settings import SettingsError

from tfx_pipeline.frozen import Frozen, UserPath

EngineName = Literal["direct", "flink", "spark", "dataflow"]
NodeName = Literal["PowerExampleGen", "StatisticsGen", "Transform", "Evaluator"]
"""The nodes that compute with Beam."""
Address = Annotated[str, StringConstraints(pattern=r"^[^\s:/]+:\d{1,5}$")]
"""host:port."""
DIRECT_RUNNER = "tfx_pipeline.beam.direct.DirectRunner"
JOB_SERVER_RUNNER = "tfx_pipeline.beam.runner.JobServerRunner"
BEHIND_A_JOB_SERVER = ("flink", "spark")


class Engine(Frozen):
    """What runs the Beam steps of a node."""

    engine: EngineName
    """direct (this machine), or the distributed engine flink, spark or dataflow."""
    address: Address | None
    """host:port of Beam's job server for flink or spark; null for the others."""
    workers: int = Field(ge=1, le=10_000)
    """Workers at a time: processes with direct, task slots with flink, machines with dataflow."""
    worker_pool: Address | None
    """host:port where each task manager of flink or spark finds its own pool of Python workers."""
    image: str | None
    """Container image of the Python workers, where the engine starts them; holds this project."""
    options: tuple[str, ...]
    """More of Beam's and the engine's own options, each as `--name=value`."""

    @model_validator(mode="after")
    def _fits_the_engine(self) -> Self:
        remote = self.engine in BEHIND_A_JOB_SERVER
        if remote and not self.address:
            raise ValueError(f"{self.engine} needs `address`, host:port of Beam's job server")
        if remote and bool(self.worker_pool) == bool(self.image):
            raise ValueError(
                f"{self.engine} needs either `worker_pool`, where Python workers run beside each "
                "task manager, or `image`, where task managers start them with Docker"
            )
        if self.engine == "dataflow" and not self.image:
            raise ValueError("dataflow needs `image`, the container image of its workers")
        given = [name for name in _NEEDED_BY if getattr(self, name) is not None]
        for name in given:
            if self.engine not in _NEEDED_BY[name]:
                raise ValueError(f"{self.engine} has no `{name}`; set it to null")
        self._check_options()
        return self

    def _check_options(self) -> None:
        if self.engine == "direct" and not self.options:
            return  # Beam takes seconds to import
        from tfx_pipeline.beam.options import check_options

        check_options(self.engine, self.options)

    def arguments(self) -> tuple[str, ...]:
        """Beam's arguments, but for those that are the same for all nodes of a run."""
        if self.engine == "dataflow":
            return (
                "--runner=DataflowRunner",
                f"--num_workers={self.workers}",
                f"--max_num_workers={self.workers}",
                f"--sdk_container_image={self.image}",
                *self.options,
            )
        # Unless an image is named, TFX first packs its own sources for the workers.
        image = f"--sdk_container_image={self.image or 'none'}"
        if self.engine == "direct":
            mode = "in_memory" if self.workers == 1 else "multi_processing"
            return (
                f"--runner={DIRECT_RUNNER}",
                f"--direct_running_mode={mode}",
                f"--direct_num_workers={self.workers}",
                # Whether the steps' types fit together is the same in every run, and takes Beam a
                # quarter of the processor time of statistics of few rows.
                "--no_pipeline_type_check",
                image,
                *self.options,
            )
        kind = "EXTERNAL" if self.worker_pool else "DOCKER"
        return (
            f"--runner={JOB_SERVER_RUNNER}",
            f"--job_endpoint={self.address}",
            f"--environment_type={kind}",
            f"--environment_config={self.worker_pool or self.image}",
            *([f"--parallelism={self.workers}"] if self.engine == "flink" else []),
            image,
            *self.options,
        )


_NEEDED_BY: dict[str, tuple[EngineName, ...]] = {
    "address": ("flink", "spark"),
    "worker_pool": ("flink", "spark"),
    "image": ("flink", "spark", "dataflow"),
}


class NodeEngine(Frozen):
    """What differs for one node; null: as for all."""

    engine: EngineName | None = None
    """Another engine than the others'; of their settings it takes none but the workers."""
    address: Address | None = None
    workers: int | None = Field(default=None, ge=1, le=10_000)
    worker_pool: Address | None = None
    image: str | None = None
    options: tuple[str, ...] | None = None


class BeamSettings(Engine):
    """Where the Beam steps of all nodes run."""

    temp: UserPath | None
    """Folder of temporary files that all workers reach; null: beside the artifacts."""
    shared: tuple[UserPath, ...]
    """Folders that every worker sees under the same path, such as a mount of all machines."""
    nodes: dict[NodeName, NodeEngine]
    """What differs for single nodes."""

    @model_validator(mode="after")
    def _fits_every_node(self) -> Self:
        for node in self.nodes:
            try:
                self.of(node)
            except ValidationError as error:
                reasons = (item["msg"].removeprefix("Value error, ") for item in error.errors())
                raise ValueError(f"nodes.{node}: {'; '.join(reasons)}") from error
        for node in get_args(NodeName):
            if self.of(node).engine == "dataflow":
                from tfx_pipeline.beam.options import check_dataflow

                check_dataflow(self.node_arguments(node, run=""))
        return self

    def of(self, node: NodeName) -> Engine:
        """The engine of a node."""
        own = self.nodes.get(node, NodeEngine())
        changes = own.model_dump(exclude_none=True)
        if own.engine in (None, self.engine):
            below = {name: getattr(self, name) for name in Engine.model_fields}
            if own.worker_pool or own.image:  # one takes the place of the other
                below |= {"worker_pool": None, "image": None}
        else:
            below = dict.fromkeys(_NEEDED_BY) | {"workers": self.workers, "options": ()}
        return Engine.model_validate(below | changes)

    def node_arguments(self, node: NodeName, run: str) -> list[str]:
        """Beam's arguments of a node.

        Args:
            node: The node.
            run: What no two runs share at the same time, such as a locked folder: jobs that an
                earlier run of it left behind are cancelled. Empty: there is no such thing, and
                the runner makes each job's name unique.
        """
        engine = self.of(node)
        found = list(engine.arguments())
        if self.temp:
            found.append(f"--temp_location={self.temp}")
        if engine.engine in BEHIND_A_JOB_SERVER:
            found.append(f"--job_name={_job_name(node, run)}")
        return found

    def check_reach(self, paths: Mapping[str, str]) -> None:
        """Refuses folders of this machine for workers on others.

        Args:
            paths: Setting -> path that it gives the workers; empty: none.

        Raises:
            SettingsError: Workers would not find it, or something else under the same path.
        """
        engines = {self.engine, *(node.engine for node in self.nodes.values() if node.engine)}
        for engine in sorted(engines - {"direct"}):
            for name, path in paths.items():
                if path and not self._reached(engine, path):
                    raise SettingsError(f"{name}: {path} {_WAY_OUT[engine]}")

    def _reached(self, engine: EngineName, path: str) -> bool:
        if engine == "dataflow":
            return path.startswith("gs://")
        if "://" in path:
            return any(f"{path}/".startswith(f"{folder.rstrip('/')}/") for folder in self.shared)
        # As it is written, which is how workers ask for it, and where links lead to.
        return any(
            all(_is_below(form(path), form(folder)) for form in _FORMS) for folder in self.shared
        )


_FORMS: tuple[Callable[[str], str], ...] = (posixpath.normpath, posixpath.realpath)


def _is_below(path: str, folder: str) -> bool:
    both = posixpath.isabs(path) and posixpath.isabs(folder)
    return both and posixpath.commonpath([path, folder]) == folder


_AS_A_MOUNT = (
    "is a folder of one machine, and the workers of {} may run on others; if they all see it under "
    "this path, as a mount of all machines, name it or a folder above it in beam.shared"
)
_WAY_OUT = {
    "flink": _AS_A_MOUNT.format("flink"),
    "spark": _AS_A_MOUNT.format("spark"),
    "dataflow": "is not on Google Cloud Storage, and the workers of dataflow see nothing else",
}


def _job_name(node: NodeName, run: str) -> str:
    """A name that says which node it is, and tells runs apart; one to be completed ends in `-`."""
    return f"{node.lower()}-{run and hashlib.sha256(run.encode()).hexdigest()[:16]}"
