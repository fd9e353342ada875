"""The Kubernetes platform document: what a pod needs beyond KFP's portable part of the package."""

from typing import Any

from google.protobuf import json_format
from kfp.kubernetes import kubernetes_executor_config_pb2 as pb
from kfp.pipeline_spec.pipeline_spec_pb2 import TaskInputsSpec

from tfx_kubeflow.settings import KubeflowSettings, NodeSettings, Secret

Document = dict[str, Any]


def platform_document(
    settings: KubeflowSettings, owners: dict[str, str], store_readers: set[str]
) -> Document:
    """Builds the document.

    Args:
        settings: What pods ask for.
        owners: Executor label -> id of the node whose settings hold for it.
        store_readers: Executor labels of steps that read the artifact store themselves.

    Returns:
        The document; empty where no step needs any of it.
    """
    executors = {}
    for label, node_id in sorted(owners.items()):
        secret = settings.store.secret if label in store_readers else None
        config = _executor(settings, settings.node(node_id), secret)
        if config:
            executors[label] = config
    if not executors:
        return {}
    return {"platforms": {"kubernetes": {"deploymentSpec": {"executors": executors}}}}


def _executor(
    settings: KubeflowSettings, node: NodeSettings, store_secret: Secret | None
) -> Document:
    secrets = node.secrets + ((store_secret,) if store_secret else ())
    message = pb.KubernetesExecutorConfig(
        secret_as_env=[_secret(secret) for secret in secrets],
        pvc_mount=[
            pb.PvcMount(
                constant=volume.claim,
                pvc_name_parameter=_constant(volume.claim),
                mount_path=volume.mount_path,
                sub_path=volume.sub_path,
            )
            for volume in node.volumes
        ],
        tolerations=[
            pb.Toleration(
                key=toleration.key,
                operator=toleration.operator,
                value=toleration.value,
                effect=toleration.effect,
                toleration_seconds=toleration.seconds,
            )
            for toleration in node.tolerations
        ],
        image_pull_secret=[
            pb.ImagePullSecret(secret_name=name, secret_name_parameter=_constant(name))
            for name in settings.image_pull_secrets
        ],
        image_pull_policy=settings.image_pull_policy,
    )
    if node.node_selector:
        message.node_selector.labels.update(node.node_selector)
    if node.labels or node.annotations:
        message.pod_metadata.labels.update(node.labels)
        message.pod_metadata.annotations.update(node.annotations)
    document: Document = json_format.MessageToDict(message)
    return document


def _secret(secret: Secret) -> pb.SecretAsEnv:
    return pb.SecretAsEnv(
        secret_name=secret.name,
        secret_name_parameter=_constant(secret.name),
        key_to_env=[
            pb.SecretAsEnv.SecretKeyToEnvMap(secret_key=key, env_var=variable)
            for key, variable in secret.env.items()
        ],
        optional=secret.optional or None,
    )


def _constant(value: str) -> TaskInputsSpec.InputParameterSpec:
    """What KFP 2.15 and later read; earlier ones read the text beside it."""
    constant = TaskInputsSpec.InputParameterSpec()
    constant.runtime_value.constant.string_value = value
    return constant
