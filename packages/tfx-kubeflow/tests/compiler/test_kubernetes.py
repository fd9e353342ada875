from google.protobuf import json_format
from kfp.kubernetes.kubernetes_executor_config_pb2 import KubernetesExecutorConfig
from tfx_kubeflow.compiler.kubernetes import platform_document
from tfx_kubeflow.settings import (
    KubeflowSettings,
    NodeSettings,
    ObjectStore,
    Secret,
    Toleration,
    Volume,
)


def executors(settings, owners, readers=()):
    document = platform_document(settings, owners, set(readers))
    return document["platforms"]["kubernetes"]["deploymentSpec"]["executors"]


def test_nothing_asked_no_document():
    settings = KubeflowSettings(image="i")
    assert platform_document(settings, {"exec-a": "A"}, set()) == {}


def test_steps_that_read_the_store_get_its_secret_by_reference():
    found = executors(KubeflowSettings(image="i"), {"exec-a": "A", "exec-b": "B"}, {"exec-a"})
    assert set(found) == {"exec-a"}
    (secret,) = found["exec-a"]["secretAsEnv"]
    assert secret["secretName"] == "mlpipeline-minio-artifact"  # pragma: allowlist secret
    assert secret["optional"] is True
    expected = {"secretKey": "accesskey", "envVar": "MINIO_ACCESS_KEY"}  # pragma: allowlist secret
    assert expected in secret["keyToEnv"]


def test_everything_a_pod_can_ask_for():
    settings = KubeflowSettings(
        image="i",
        image_pull_policy="Never",
        image_pull_secrets=("registry",),
        store=ObjectStore(secret=None),
        nodes={
            "Trainer": NodeSettings(
                secrets=(Secret(name="mlflow", env={"t": "MLFLOW_T"}),),
                volumes=(Volume(claim="data", mount_path="/data", sub_path="a"),),
                node_selector={"pool": "gpu"},
                tolerations=(Toleration(key="gpu", effect="NoExecute", seconds=0),),
                labels={"team": "energy"},
                annotations={"note": "x"},
            )
        },
    )
    found = executors(settings, {"exec-trainer": "Trainer"}, {"exec-trainer"})["exec-trainer"]
    assert found["imagePullPolicy"] == "Never"
    assert found["imagePullSecret"][0]["secretName"] == "registry"  # pragma: allowlist secret
    assert found["pvcMount"][0] == {
        "constant": "data",
        "pvcNameParameter": {"runtimeValue": {"constant": "data"}},
        "mountPath": "/data",
        "subPath": "a",
    }
    assert found["nodeSelector"] == {"labels": {"pool": "gpu"}}
    assert found["tolerations"] == [
        {"key": "gpu", "operator": "Exists", "effect": "NoExecute", "tolerationSeconds": "0"}
    ]
    assert found["podMetadata"] == {"labels": {"team": "energy"}, "annotations": {"note": "x"}}
    assert found["secretAsEnv"][0]["keyToEnv"] == [{"secretKey": "t", "envVar": "MLFLOW_T"}]


def test_kfps_own_message_takes_the_document():
    node = NodeSettings(
        secrets=(Secret(name="s", env={"k": "V"}),),
        volumes=(Volume(claim="c", mount_path="/c", sub_path="a"),),
        node_selector={"pool": "gpu"},
        tolerations=(Toleration(key="gpu", effect="NoExecute", seconds=0),),
        labels={"a": "b"},
        annotations={"c": "d"},
    )
    settings = KubeflowSettings(
        image="i", image_pull_policy="Always", image_pull_secrets=("r",), defaults=node
    )
    found = executors(settings, {"exec-a": "A"}, {"exec-a"})["exec-a"]
    message = json_format.ParseDict(found, KubernetesExecutorConfig())
    assert message.pvc_mount[0].sub_path == "a"
    assert [secret.secret_name for secret in message.secret_as_env] == [
        "s",
        "mlpipeline-minio-artifact",
    ]
