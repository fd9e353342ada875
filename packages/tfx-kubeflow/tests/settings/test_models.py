import pytest
from pydantic import ValidationError
from tfx_kubeflow.settings import KubeflowSettings, NodeSettings, Secret, Toleration, Volume


def test_defaults_fit_the_default_installation():
    settings = KubeflowSettings(image="i")
    assert settings.pipeline_root == "minio://mlpipeline/v2/artifacts"
    assert settings.store.secret.name == "mlpipeline-minio-artifact"


def test_a_node_adds_to_the_defaults_and_replaces_their_numbers():
    data, cache = (Volume(claim=name, mount_path=f"/{name}") for name in ("data", "cache"))
    settings = KubeflowSettings(
        image="i",
        defaults=NodeSettings(cpu_limit="2", volumes=(data,), env={"A": "1"}, retries=1),
        nodes={"Trainer": NodeSettings(cpu_limit="4", volumes=(data, cache), env={"B": "2"})},
    )
    trainer = settings.node("Trainer")
    assert (trainer.cpu_limit, trainer.retries) == ("4", 1)
    assert trainer.volumes == (data, cache)
    assert trainer.env == {"A": "1", "B": "2"}
    assert settings.node("Other") == settings.defaults


def test_a_pattern_holds_for_the_nodes_that_it_fits_and_one_of_them_may_differ():
    settings = KubeflowSettings(
        image="i",
        nodes={
            "Trial2": NodeSettings(cpu_limit="4"),
            "Trial*": NodeSettings(cpu_limit="2", retries=3),
        },
    )
    assert (settings.node("Trial1").cpu_limit, settings.node("Trial1").retries) == ("2", 3)
    assert (settings.node("Trial2").cpu_limit, settings.node("Trial2").retries) == ("4", 3)
    assert settings.node("trial1") == settings.node("Trainer") == settings.defaults


@pytest.mark.parametrize("field", ["env", "labels", "annotations"])
def test_what_looks_like_a_credential_is_refused_and_its_value_not_shown(field):
    with pytest.raises(ValidationError, match=r"DB_PASS looks like .*`secrets`") as error:
        # pragma: allowlist nextline secret
        NodeSettings.model_validate({field: {"DB_PASS": "hunter2"}})
    assert "hunter2" not in str(error.value)


@pytest.mark.parametrize("field", ["env", "labels", "annotations"])
def test_what_is_no_credential_can_be_said_to_be_none(field):
    # pragma: allowlist nextline secret
    settings = {field: {"DB_PASS": "skip"}, "not_secret": ["DB_PASS"]}
    assert getattr(NodeSettings.model_validate(settings), field) == {
        # pragma: allowlist nextline secret
        "DB_PASS": "skip"
    }


def test_a_nodes_exception_holds_where_it_is_laid_over_the_defaults():
    settings = KubeflowSettings.model_validate(
        {"image": "i", "nodes": {"A": {"env": {"X_TOKEN": "n"}, "not_secret": ["X_TOKEN"]}}}
    )
    assert settings.node("A").env == {"X_TOKEN": "n"}


def test_a_wrong_value_is_not_shown():
    with pytest.raises(ValidationError) as error:
        KubeflowSettings.model_validate(
            # pragma: allowlist nextline secret
            {"image": "i", "defaults": {"password": "hunter2"}}
        )
    assert "hunter2" not in str(error.value)


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"pipeline_root": "/tmp/root"}, "pipeline_root"),
        ({"pipeline_root": "minio://b/a\nb"}, "pipeline_root"),
        ({"unknown": 1}, "unknown"),
        ({"image": "Registry/Name With Spaces"}, "image\n.*lower case"),
        ({"image_pull_secrets": ["My_Secret"]}, r"image_pull_secrets\.0\n"),
        # pragma: allowlist nextline secret
        ({"store": {"endpoint": "http://user:pw@host:9000"}}, r"store\.endpoint\n.*secret"),
        ({"store": {"secret": {"name": "A", "env": {}}}}, r"store\.secret\.name"),
        ({"defaults": {"image": "other"}}, "defaults.image"),
        ({"defaults": {"memory_limit": "lots"}}, r"defaults\.memory_limit"),
        ({"defaults": {"cpu_request": "2", "cpu_limit": "1500m"}}, r"cpu_request \(2\) is above"),
        (
            {"defaults": {"memory_request": "2G", "memory_limit": "1.5Gi"}},
            r"memory_request \(2G\) is above memory_limit",
        ),
        (
            {"defaults": {"cpu_request": "4"}, "nodes": {"Trainer": {"cpu_limit": "2"}}},
            r"nodes\.Trainer, with `defaults`: cpu_request",
        ),
        ({"defaults": {"gpu_type": "a100"}}, r"defaults\.gpu_type"),
        ({"defaults": {"env": {"1A": "x"}}}, r"defaults\.env\.1A"),
        ({"defaults": {"env": {"A": "{{workflow.name}}"}}}, r"defaults\.env\n.*Argo"),
        ({"defaults": {"annotations": {"a": "{{x}}"}}}, r"defaults\.annotations\n.*Argo"),
        ({"defaults": {"labels": {"a b": "x"}}}, r"defaults\.labels\.a b"),
        ({"defaults": {"labels": {"a": "x" * 64}}}, r"defaults\.labels\.a"),
        ({"defaults": {"node_selector": {"a": "x y"}}}, r"defaults\.node_selector\.a"),
        ({"defaults": {"annotations": {"/a": "x"}}}, r"defaults\.annotations\./a"),
        ({"defaults": {"annotations": {"a": "x" * 300_000}}}, r"defaults\.annotations"),
        (
            {"defaults": {"secrets": [{"name": "s", "env": {"k": "A=B"}}]}},
            r"defaults\.secrets\.0\.env",
        ),
        (
            {"defaults": {"volumes": [{"claim": "c", "mount_path": "relative"}]}},
            r"defaults\.volumes\.0\.mount_path",
        ),
        (
            {"defaults": {"volumes": [{"claim": "a.b", "mount_path": "/a"}]}},
            r"defaults\.volumes\.0\.claim",
        ),
        (
            {"defaults": {"volumes": [{"claim": name, "mount_path": "/a"} for name in "ab"]}},
            "two of them are mounted at /a",
        ),
    ],
)
def test_wrong_settings_are_refused_by_their_key(wrong, message):
    with pytest.raises(ValidationError, match=message):
        KubeflowSettings.model_validate({"image": "i", **wrong})


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"key": "a", "value": "x"}, "needs the operator Equal"),
        ({"operator": "Equal", "value": "x"}, "needs a `key`"),
        ({"key": "a", "effect": "NoSchedule", "seconds": 5}, "NoExecute"),
        ({"key": "a", "seconds": 5}, "NoExecute"),
        ({"key": "not a key"}, "key"),
        ({"key": "a", "operator": "Equal", "value": "no value"}, "value"),
    ],
)
def test_tolerations_that_kubernetes_refuses_are_refused(wrong, message):
    with pytest.raises(ValidationError, match=message):
        Toleration.model_validate(wrong)


@pytest.mark.parametrize(
    "right",
    [
        {},
        {"key": "gpu"},
        {"key": "a/b", "operator": "Equal"},
        {"key": "a", "operator": "Equal", "value": "x", "effect": "NoExecute", "seconds": 0},
    ],
)
def test_tolerations_that_kubernetes_takes_are_taken(right):
    assert Toleration.model_validate(right)


def test_settings_read_from_text():
    settings = KubeflowSettings.model_validate(
        {"image": "i", "nodes": {"Pusher": {"secrets": [{"name": "s3", "env": {"k": "AWS_KEY"}}]}}}
    )
    assert settings.node("Pusher").secrets == (Secret(name="s3", env={"k": "AWS_KEY"}),)
