import pytest
from tfx_kubeflow.errors import SettingsError
from tfx_kubeflow.settings import KubeflowSettings, NodeSettings, load_settings
from tfx_kubeflow.settings.sources import find_file, settings_in_force


@pytest.fixture
def project(tmp_path, monkeypatch):
    """A folder inside a project; its files are written into the project's own folder."""
    inner = tmp_path / "pipelines/taxi"
    inner.mkdir(parents=True)
    monkeypatch.chdir(inner)
    return tmp_path


def test_arguments_are_stronger_than_variables_and_these_than_the_file(project, monkeypatch):
    (project / "tfx-kubeflow.toml").write_text(
        'image = "file"\npipeline_root = "s3://file"\n'
        "[defaults]\nretries = 1\ngpus = 1\n[nodes.Trainer]\ncpu_limit = '1'\nmemory_limit = '1Gi'"
    )
    monkeypatch.setenv("TFX_KUBEFLOW_PIPELINE_ROOT", "s3://variable")
    monkeypatch.setenv("TFX_KUBEFLOW_DEFAULTS__RETRIES", "2")
    monkeypatch.setenv("TFX_KUBEFLOW_NODES", '{"Trainer": {"cpu_limit": "2"}, "Pusher": {}}')
    monkeypatch.setenv("TFX_KUBEFLOW_NODES__Trainer__GPUS", "4")
    settings = load_settings(defaults=NodeSettings(cache=False), pipeline_root="s3://argument")
    assert settings == KubeflowSettings(
        image="file",
        pipeline_root="s3://argument",
        defaults=NodeSettings(retries=2, gpus=1, cache=False),
        nodes={
            "Trainer": NodeSettings(cpu_limit="2", memory_limit="1Gi", gpus=4),
            "Pusher": NodeSettings(),
        },
    )


def test_the_nearest_file_counts_and_a_pyproject_only_with_the_table(project):
    (project / "tfx-kubeflow.toml").write_text('image = "outer"')
    (project / "pipelines/pyproject.toml").write_text("[project]\nname = 'x'")
    assert load_settings().image == "outer"
    (project / "pipelines/pyproject.toml").write_text("[tool.tfx-kubeflow]\nimage = 'inner'")
    assert load_settings().image == "inner"
    (project / "pipelines/tfx-kubeflow.toml").write_text("image = 'beside'")
    assert load_settings().image == "beside"


def test_no_file_is_found_where_there_is_none(project):
    assert find_file(project) is None


def test_null_and_json_stand_for_what_toml_and_text_cannot_say(project, monkeypatch):
    (project / "tfx-kubeflow.toml").write_text("[store.secret]\nname = 's'\nenv = {a = 'A'}")
    monkeypatch.setenv("TFX_KUBEFLOW_IMAGE", "i")
    monkeypatch.setenv("TFX_KUBEFLOW_STORE__SECRET", "null")
    monkeypatch.setenv("TFX_KUBEFLOW_IMAGE_PULL_SECRETS", '["registry"]')
    monkeypatch.setenv("TFX_KUBEFLOW_DEFAULTS__ENV__Mixed_Case", "1")
    settings = load_settings()
    assert settings.store.secret is None
    assert settings.image_pull_secrets == ("registry",)
    assert settings.defaults.env == {"Mixed_Case": "1"}


def test_each_setting_is_traced_to_its_origin(project, monkeypatch):
    file = project / "tfx-kubeflow.toml"
    file.write_text("image = 'i'\n[defaults]\nretries = 1")
    monkeypatch.setenv("TFX_KUBEFLOW_DEFAULTS__GPUS", "1")
    found = settings_in_force({"pipeline_root": "s3://b"})
    assert found.file == file
    assert found.origins == {
        "image": str(file),
        "defaults.retries": str(file),
        "defaults.gpus": "TFX_KUBEFLOW_DEFAULTS__GPUS",
        "pipeline_root": "argument",
    }


@pytest.mark.parametrize(
    ("variable", "value", "message"),
    [
        ("TFX_KUBEFLOW_IMGE", "i", "^TFX_KUBEFLOW_IMGE: .*IMGE; there are image, "),
        ("TFX_KUBEFLOW_DEFAULTS__CPU", "1", r"^TFX_KUBEFLOW_DEFAULTS__CPU: .*defaults\.CPU"),
        ("TFX_KUBEFLOW_IMAGE__X", "1", r"^TFX_KUBEFLOW_IMAGE__X: .*image\.X"),
        ("TFX_KUBEFLOW_DEFAULTS__RETRIES", "many", r"^TFX_KUBEFLOW_DEFAULTS__RETRIES: .*'many'"),
        ("TFX_KUBEFLOW_NODES", "Trainer", "^TFX_KUBEFLOW_NODES: not JSON"),
        ("TFX_KUBEFLOW_NODES", '{"A": {"x": 1}}', r"^TFX_KUBEFLOW_NODES: nodes\.A\.x: Extra"),
        ("TFX_KUBEFLOW_IMAGE", "No Image", "^TFX_KUBEFLOW_IMAGE: image: not a container image"),
    ],
)
def test_a_wrong_variable_is_named(project, monkeypatch, variable, value, message):
    monkeypatch.setenv("TFX_KUBEFLOW_IMAGE", "i")
    monkeypatch.setenv(variable, value)
    with pytest.raises(SettingsError, match=message) as error:
        load_settings()
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("image = 'i'\nimge = 1", r"tfx-kubeflow\.toml: imge: Extra inputs"),
        ("image = 'i'\n[defaults]\ngpus = -1", r"toml: defaults\.gpus: .*\(is -1\)"),
        ("image = i", r"tfx-kubeflow\.toml: not TOML: .*line 1"),
        ("", r"^image: required; set TFX_KUBEFLOW_IMAGE, or write it into .*tfx-kubeflow\.toml"),
    ],
)
def test_a_wrong_file_is_named_with_the_key(project, text, message):
    (project / "tfx-kubeflow.toml").write_text(text)
    with pytest.raises(SettingsError, match=message):
        load_settings()


def test_a_table_of_pyproject_that_is_none_is_refused(project):
    (project / "pyproject.toml").write_text("[tool]\ntfx-kubeflow = 1")
    with pytest.raises(SettingsError, match=r"pyproject\.toml: tool\.tfx-kubeflow is no table"):
        load_settings()


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("TFX_KUBEFLOW_DEFAULTS__ENV__DB_PASS", "hunter2"),
        ("TFX_KUBEFLOW_DEFAULTS__ENV", '{"HF_TOKEN": {"a": "hunter2"}}'),
        ("TFX_KUBEFLOW_DEFAULTS__ENV", "{HF_TOKEN: hunter2}"),
        ("TFX_KUBEFLOW_DEFAULTS__PASSWORD", "hunter2"),
        ("TFX_KUBEFLOW_DEFAULTS", '{"password": "hunter2"}'),  # pragma: allowlist secret
        # pragma: allowlist nextline secret
        ("TFX_KUBEFLOW_STORE__ENDPOINT", "http://user:hunter2@host"),
        ("TFX_KUBEFLOW_IMAGE", "user:hunter2@host/image"),
        ("TFX_KUBEFLOW_DEFAULTS__RETRIES", "redis://:hunter2@host"),
    ],
)
def test_no_message_shows_what_may_be_a_credential(project, monkeypatch, variable, value):
    monkeypatch.setenv("TFX_KUBEFLOW_IMAGE", "i")
    monkeypatch.setenv(variable, value)
    with pytest.raises(SettingsError) as error:
        load_settings()
    assert variable in str(error.value)
    shown = repr(error.value) + repr(error.value.__cause__)
    assert "hunter2" not in shown
