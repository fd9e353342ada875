"""Settings of the Kubeflow runner: image, root, and what each node's pod asks of Kubernetes."""

import re
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator

# Names under which people put credentials. Their values belong into a Kubernetes secret.
CREDENTIAL_NAME = re.compile(r"SECRET|PASSWORD|PASSWD|TOKEN|CREDENTIAL|ACCESS_KEY|API_KEY", re.I)
QUANTITY = r"^[0-9]+(\.[0-9]+)?(m|k|Ki|M|Mi|G|Gi|T|Ti)?$"


class Part(BaseModel):
    """Frozen, unknown keys refused, described by its docstrings."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)


class Secret(Part):
    """A Kubernetes secret, by reference: values never enter the pipeline package."""

    name: str
    """Name of the secret, in the namespace where runs happen."""
    env: dict[str, str]
    """Key in the secret -> environment variable in the pod."""
    optional: bool = False
    """true: the pod starts without it where there is no such secret."""


class Volume(Part):
    """A persistent volume claim mounted into the pod."""

    claim: str
    """Name of the claim."""
    mount_path: str = Field(pattern=r"^/")
    """Folder in the pod."""
    sub_path: str = ""
    """Folder in the volume; empty: all of it."""


class Toleration(Part):
    """A taint that the pod may be scheduled on, as in Kubernetes."""

    key: str = ""
    operator: Literal["Exists", "Equal"] = "Exists"
    value: str = ""
    effect: Literal["", "NoSchedule", "PreferNoSchedule", "NoExecute"] = ""
    seconds: int | None = Field(default=None, ge=0)


class NodeSettings(Part):
    """What the pod of a node asks for.

    Numbers and texts of a node replace the general ones, mappings and lists are added to them.
    """

    cpu_request: str | None = Field(default=None, pattern=QUANTITY)
    """Cores, such as 500m or 2."""
    cpu_limit: str | None = Field(default=None, pattern=QUANTITY)
    memory_request: str | None = Field(default=None, pattern=QUANTITY)
    """Bytes, such as 2Gi."""
    memory_limit: str | None = Field(default=None, pattern=QUANTITY)
    gpus: int | None = Field(default=None, ge=0)
    """Accelerators of the kind `gpu_type`."""
    gpu_type: str | None = None
    """Resource name of the accelerator; null: nvidia.com/gpu."""
    retries: int | None = Field(default=None, ge=0, le=10)
    """Further attempts after a lost pod, such as an evicted one. What a failed container gets is
    for the cluster to say: none, with KFP's default installation."""
    cache: bool | None = None
    """false: always runs; null: as the pipeline says."""
    env: dict[str, str] = {}
    """Environment variables; credentials are refused, see `secrets`."""
    secrets: tuple[Secret, ...] = ()
    """Secrets that become environment variables."""
    volumes: tuple[Volume, ...] = ()
    node_selector: dict[str, str] = {}
    """Labels that the Kubernetes node must have."""
    tolerations: tuple[Toleration, ...] = ()
    labels: dict[str, str] = {}
    """Labels of the pod."""
    annotations: dict[str, str] = {}
    """Annotations of the pod."""

    @field_validator("env")
    @classmethod
    def _holds_no_credential(cls, env: dict[str, str]) -> dict[str, str]:
        for name in env:
            if CREDENTIAL_NAME.search(name):
                raise ValueError(
                    f"{name} looks like a credential; put it into a Kubernetes secret and "
                    "name that under `secrets`"
                )
        return env

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
    """The S3 store behind minio:// addresses, as the steps see it that read it themselves.

    KFP's launcher moves artifacts with its own credentials; only steps that look at earlier
    artifacts, at data in a bucket, or at the push destination need these.
    """

    endpoint: str | None = "http://seaweedfs.kubeflow:9000"
    """Address of the store; null: none is told (AWS itself, or no store)."""
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
    """Everything the Kubeflow runner is told; the defaults fit KFP's default installation."""

    image: str
    """Container image that holds the pipeline's code, this package and TFX."""
    image_pull_policy: Literal["Always", "IfNotPresent", "Never"] | None = None
    """null: Kubernetes' own choice."""
    image_pull_secrets: tuple[str, ...] = ()
    """Names of the secrets for the image's registry."""
    pipeline_root: str = Field(
        default="minio://mlpipeline/v2/artifacts", pattern=r"^(minio|s3|gs)://[^/]+"
    )
    """Where artifacts go: minio://, s3:// or gs://, given to each run."""
    store: ObjectStore = ObjectStore()
    defaults: NodeSettings = NodeSettings()
    """What every pod asks for."""
    nodes: dict[str, NodeSettings] = {}
    """Node id -> what its pod asks for beyond that, such as `Trainer: {gpus: 1}`."""

    def node(self, node_id: str) -> NodeSettings:
        """Returns what the pod of a node asks for."""
        return self.defaults.under(self.nodes.get(node_id, NodeSettings()))
