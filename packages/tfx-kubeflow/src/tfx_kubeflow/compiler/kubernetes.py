"""The Kubernetes platform document: what a pod needs beyond KFP's portable part of the package."""

from typing import Any

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
    found: Document = {
        "secretAsEnv": [_secret(secret) for secret in secrets],
        "pvcMount": [
            {
                "constant": volume.claim,
                "pvcNameParameter": _constant(volume.claim),
                "mountPath": volume.mount_path,
                **({"subPath": volume.sub_path} if volume.sub_path else {}),
            }
            for volume in node.volumes
        ],
        "tolerations": [
            {
                name: value
                for name, value in {
                    "key": toleration.key,
                    "operator": toleration.operator,
                    "value": toleration.value,
                    "effect": toleration.effect,
                    "tolerationSeconds": toleration.seconds,
                }.items()
                if value not in ("", None)
            }
            for toleration in node.tolerations
        ],
        "imagePullSecret": [
            {"secretName": name, "secretNameParameter": _constant(name)}
            for name in settings.image_pull_secrets
        ],
        "imagePullPolicy": settings.image_pull_policy,
        "nodeSelector": {"labels": node.node_selector} if node.node_selector else None,
        "podMetadata": {
            name: value
            for name, value in (("labels", node.labels), ("annotations", node.annotations))
            if value
        },
    }
    return {name: value for name, value in found.items() if value}


def _secret(secret: Secret) -> Document:
    return {
        "secretName": secret.name,
        "secretNameParameter": _constant(secret.name),
        "keyToEnv": [
            {"secretKey": key, "envVar": variable} for key, variable in secret.env.items()
        ],
        **({"optional": True} if secret.optional else {}),
    }


def _constant(value: str) -> Document:
    return {"runtimeValue": {"constant": value}}
