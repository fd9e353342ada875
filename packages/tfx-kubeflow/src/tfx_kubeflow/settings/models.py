"""The settings: image, root, and what each node's pod asks of Kubernetes."""

from collections import Counter
from fnmatch import fnmatchcase
from typing import Any, Literal, Self

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    ValidationError,
    ValidationInfo,
    field_validator,
    model_validator,
)

from tfx_kubeflow.settings import grammar
from tfx_kubeflow.settings.credentials import HINT, credential

MOST_ANNOTATION_BYTES = 256 * 1024
"""Kubernetes' own limit for all annotations of an object."""


class Part(BaseModel):
    """Frozen, unknown keys refused, described by its docstrings; errors do not show values."""

    model_config = ConfigDict(
        frozen=True, extra="forbid", use_attribute_docstrings=True, hide_input_in_errors=True
    )


class Secret(Part):
    """A Kubernetes secret, by reference: values never enter the pipeline package."""

    name: grammar.ObjectName
    """Name of the secret, in the namespace where runs happen."""
    env: dict[grammar.SecretKey, grammar.Variable]
    """Key in the secret -> environment variable in the pod."""
    optional: bool = False
    """true: the pod starts without it where there is no such secret."""


class Volume(Part):
    """A persistent volume claim mounted into the pod."""

    claim: grammar.ClaimName
    """Name of the claim."""
    mount_path: grammar.MountPath
    """Folder in the pod."""
    sub_path: grammar.SubPath = ""
    """Folder in the volume; empty: all of it."""


class Toleration(Part):
    """A taint that the pod may be scheduled on, as in Kubernetes."""

    key: grammar.TaintKey = ""
    """Of the taint; empty: of all taints."""
    operator: Literal["Exists", "Equal"] = "Exists"
    value: grammar.LabelValue = ""
    """Of the taint, for the operator Equal."""
    effect: Literal["", "NoSchedule", "PreferNoSchedule", "NoExecute"] = ""
    """Of the taint; empty: any."""
    seconds: int | None = Field(default=None, ge=0)
    """How long the pod may stay after such a taint came, for the effect NoExecute."""

    @model_validator(mode="after")
    def _is_what_kubernetes_takes(self) -> Self:
        if self.operator == "Exists" and self.value:
            raise ValueError("`value` needs the operator Equal; Exists takes any value")
        if self.operator == "Equal" and not self.key:
            raise ValueError("the operator Equal needs a `key`")
        if self.seconds is not None and self.effect != "NoExecute":
            raise ValueError("`seconds` needs the effect NoExecute")
        return self


class NodeSettings(Part):
    """What the pod of a node asks for.

    Numbers and texts of a node replace the general ones, mappings and lists are added to them.
    """

    image: grammar.Image | None = None
    """Image of this node's pods, with its driver's; null: the pipeline's."""
    cpu_request: grammar.Cores | None = None
    """Cores, such as 500m or 2."""
    cpu_limit: grammar.Cores | None = None
    memory_request: grammar.Memory | None = None
    """Bytes, such as 2Gi."""
    memory_limit: grammar.Memory | None = None
    gpus: int | None = Field(default=None, ge=0)
    """Accelerators of the kind `gpu_type`."""
    gpu_type: grammar.ExtendedResource | None = None
    """Resource name of the accelerator; null: nvidia.com/gpu."""
    retries: int | None = Field(default=None, ge=0, le=10)
    """Further attempts after a lost pod, such as an evicted one. What a failed container gets is
    for the cluster to say: none, with KFP's default installation."""
    cache: bool | None = None
    """false: always runs; null: as the pipeline says."""
    not_secret: tuple[str, ...] = ()
    """Names in `env`, `labels` and `annotations` that look like credentials and are none."""
    env: dict[grammar.Variable, str] = {}
    """Environment variables; what looks like a credential is refused, see `secrets`."""
    secrets: tuple[Secret, ...] = ()
    """Secrets that become environment variables."""
    volumes: tuple[Volume, ...] = ()
    node_selector: dict[grammar.LabelKey, grammar.LabelValue] = {}
    """Labels that the Kubernetes node must have."""
    tolerations: tuple[Toleration, ...] = ()
    labels: dict[grammar.LabelKey, grammar.LabelValue] = {}
    """Labels of the pod."""
    annotations: dict[grammar.AnnotationKey, str] = {}
    """Annotations of the pod."""

    @field_validator("env", "labels", "annotations")
    @classmethod
    def _holds_no_credential(cls, given: dict[str, str], info: ValidationInfo) -> dict[str, str]:
        allowed = info.data.get("not_secret", ())
        for name, value in given.items():
            reason = credential(name, value)
            if reason and name not in allowed:
                raise ValueError(
                    f"{name} looks like a credential ({reason}); {HINT}, or list it under "
                    f"`not_secret` if it is none"
                )
        return given

    @field_validator("env", "annotations")
    @classmethod
    def _is_taken_as_written(cls, given: dict[str, str]) -> dict[str, str]:
        for name, value in given.items():
            if "{{" in value:
                raise ValueError(f"{name} has double braces, which Argo Workflows would expand")
        return given

    @field_validator("annotations")
    @classmethod
    def _fits_into_an_object(cls, given: dict[str, str]) -> dict[str, str]:
        size = sum(len(text.encode()) for pair in given.items() for text in pair)
        if size > MOST_ANNOTATION_BYTES:
            raise ValueError(f"{size} bytes; Kubernetes takes {MOST_ANNOTATION_BYTES}")
        return given

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        for resource in ("cpu", "memory"):
            request, limit = (
                getattr(self, f"{resource}_request"),
                getattr(self, f"{resource}_limit"),
            )
            if request and limit and grammar.quantity(request) > grammar.quantity(limit):
                raise ValueError(
                    f"{resource}_request ({request}) is above {resource}_limit ({limit})"
                )
        paths = Counter(volume.mount_path.rstrip("/") for volume in self.volumes)
        twice = [path for path, count in paths.items() if count > 1]
        if twice:
            raise ValueError(f"volumes: two of them are mounted at {', '.join(twice)}")
        return self

    def under(self, node: "NodeSettings") -> "NodeSettings":
        """Returns these settings with those of a node laid over them."""
        merged: dict[str, Any] = {}
        for name in type(self).model_fields:
            below, above = getattr(self, name), getattr(node, name)
            if isinstance(below, dict):
                merged[name] = {**below, **above}
            elif isinstance(below, tuple):
                merged[name] = below + tuple(item for item in above if item not in below)
            else:
                merged[name] = below if above is None else above
        return NodeSettings(**merged)


class ObjectStore(Part):
    """The S3 store behind minio:// URIs, as the steps see it that read it themselves.

    KFP's launcher moves artifacts with its own credentials; only steps that look at earlier
    artifacts, at data in a bucket, or at the push destination need these.
    """

    endpoint: grammar.Endpoint | None = "http://seaweedfs.kubeflow:9000"
    """Endpoint of the store; null: none is given (AWS itself, or no store)."""
    secret: Secret | None = Secret(
        name="mlpipeline-minio-artifact",  # KFP's own
        env={
            "accesskey": "MINIO_ACCESS_KEY",
            "secretkey": "MINIO_SECRET_KEY",  # pragma: allowlist secret
        },
        optional=True,
    )
    """Secret with its keys; null: the pod's identity."""


class KubeflowSettings(Part):
    """All settings of the Kubeflow runner; the defaults fit KFP's default installation."""

    image: grammar.Image
    """Container image that holds the pipeline's code, this package and TFX."""
    image_pull_policy: Literal["Always", "IfNotPresent", "Never"] | None = None
    """null: Kubernetes' own choice."""
    image_pull_secrets: tuple[grammar.ObjectName, ...] = ()
    """Names of the secrets for the image's registry."""
    pipeline_root: grammar.PipelineRoot = "minio://mlpipeline/v2/artifacts"
    """Where artifacts go: minio://, s3:// or gs://, given to each run."""
    store: ObjectStore = ObjectStore()
    defaults: NodeSettings = NodeSettings()
    """What every pod asks for."""
    nodes: dict[str, NodeSettings] = {}
    """Node id -> what its pod asks for beyond that, such as `Trainer: {gpus: 1}`; or a pattern of
    ids, such as `Trial*`, below what is said of one of them."""

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        if self.defaults.image:
            raise ValueError("defaults.image: the image of all nodes is `image`")
        for node_id in self.nodes:
            try:
                self.node(node_id)
            except ValidationError as error:
                problem = error.errors()[0]["msg"].removeprefix("Value error, ")
                raise ValueError(f"nodes.{node_id}, with `defaults`: {problem}") from None
        return self

    def node(self, node_id: str) -> NodeSettings:
        """Returns what the pod of a node asks for."""
        patterns = [key for key in self.nodes if key != node_id and fnmatchcase(node_id, key)]
        found = self.defaults
        for key in [*patterns, node_id]:
            found = found.under(self.nodes.get(key, NodeSettings()))
        return found
