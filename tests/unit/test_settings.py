"""Settings: sources and their order, refusals, and the file as the only place of values."""

from pathlib import Path

import pytest
import yaml
from pydantic import BaseModel, ValidationError

from tfx_pipeline.frozen import Frozen
from tfx_pipeline.settings import Settings, load_settings
from tfx_pipeline.settings_file import overlay

PROJECT = Path(__file__).parent.parent.parent


@pytest.fixture(autouse=True)
def _project_settings(monkeypatch):
    monkeypatch.chdir(PROJECT)
    for name in ("POWER_SETTINGS", "POWER_PROFILE"):
        monkeypatch.delenv(name, raising=False)


def test_the_file_gives_every_value():
    settings = load_settings([])
    assert settings.profile == "default"
    assert settings.windowing.window == 120


def test_stronger_sources_win(monkeypatch):
    monkeypatch.setenv("POWER_DATA__ROWS", "70000")
    monkeypatch.setenv("POWER_DATA__MAX_GAP", "3")
    settings = load_settings(["--profile=sample", "--data.max_gap=4"])
    assert settings.name == "household-power-sample"  # from the profile
    assert settings.data.rows == 70000  # the environment over the profile
    assert settings.data.max_gap == 4  # the command line over the environment


def test_null_is_a_value_in_every_source(monkeypatch):
    monkeypatch.setenv("POWER_DATA__ROWS", "null")
    assert load_settings(["--profile=sample"]).data.rows is None
    monkeypatch.delenv("POWER_DATA__ROWS")
    assert load_settings(["--profile=sample", "--data.rows=null"]).data.rows is None


def test_variables_of_others_are_left_alone(monkeypatch):
    monkeypatch.setenv("POWER_SERVICE_HOST", "10.0.0.1")
    monkeypatch.setenv("POWERSHELL__X", "1")
    load_settings([])


def test_a_tilde_is_the_home(monkeypatch):
    monkeypatch.setenv("HOME", "/home/anna")
    settings = load_settings(["--outputs=~/runs", "--data.path=~/power"])
    assert (settings.outputs, settings.data.path) == ("/home/anna/runs", "/home/anna/power")


def test_an_unknown_variable_is_named(monkeypatch, capsys):
    monkeypatch.setenv("POWER_DTA__ROWS", "5")
    with pytest.raises(SystemExit):
        load_settings([])
    error = capsys.readouterr().err
    assert "POWER_DTA__ROWS" in error
    assert "did you mean POWER_DATA__ROWS?" in error


@pytest.mark.parametrize("value", ["--max_parallelism=4", "/", "{Evaluator: 1}"])
@pytest.mark.parametrize("name", ["options", "shared", "nodes"])
def test_a_variable_of_a_list_is_json(name, value, monkeypatch, capsys):
    monkeypatch.setenv(f"POWER_BEAM__{name.upper()}", value)
    with pytest.raises(SystemExit):
        load_settings([])
    assert f"POWER_BEAM__{name.upper()}: expected JSON: a list is" in capsys.readouterr().err


@pytest.mark.parametrize("value", ["null", "Evaluator", '{"Evaluator":{workers:2}}'])
def test_an_option_that_is_no_mapping_is_named(value, capsys):
    with pytest.raises(SystemExit) as caught:
        load_settings([f"--beam.nodes={value}"])
    assert caught.value.code == 2
    assert "--beam.nodes: expected JSON: a list is" in capsys.readouterr().err


def test_profile_from_the_environment(monkeypatch):
    monkeypatch.setenv("POWER_PROFILE", "article")
    assert load_settings([]).data.rows == 2000


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        (["--profile=nope"], "nope"),
        (["--data.rows=many"], "data.rows"),
        (["--data.row=5"], "--data.row: no such setting; did you mean --data.rows"),
        (["--surprise=1"], "--surprise: no such setting"),
        (["100"], "100: no such"),
        (["--data.rows"], "--data.rows"),
        (["--data.max_gap=120"], "data.max_gap"),
        (["--windowing.origins=0"], "windowing.origins"),
        (
            ["--windowing.window=PT90S"],
            "windowing.window: PT1M30S is no whole number of steps of 1 min",
        ),
        (["--windowing.window=long"], "windowing.window: expected steps, such as 50, or an ISO"),
        (["--windowing.window=P9W"], "windowing.window: Input should be less than"),
        (["--windowing.horizon=-PT5M"], "windowing.horizon"),
        (["--windowing.cadence=P2D"], "windowing.cadence"),
        (["--windowing.cadence=often"], "windowing.cadence"),
        (["--data.max_gap=PT2H"], "data.max_gap (120) must be smaller"),
        (["--data.max_gap=PT90S"], "data.max_gap: PT1M30S is no whole number"),
        (["--validation.frozen_warning=P2D"], "validation.frozen_warning (2880 steps) is above"),
        (["--series="], "series: must name a path"),
        (
            ["--series=uci-houshold"],
            "series: uci-houshold: No such file or directory; did you mean",
        ),
        (["--series=tests"], "series: tests: Is a directory"),
        (["--data.train_fraction=0.95"], "train_fraction"),
        (["--name=My_Pipeline"], "name"),
        (["--outputs="], "outputs: must name a path"),
        (["--outputs= "], "outputs: must name a path"),
        (["--tuner.parallel_trials=1000"], "parallel_trials"),
        (["--data.path="], "data.path"),
        (["--serving.base="], "serving.base"),
        (["--kubeflow.data="], "kubeflow.data"),
        (["--gate.margin=nan"], "gate.margin"),
        (["--validation.schema_file="], "validation.schema_file"),
        (["--validation.severity=SCHEMA_NEW_COLUM=error"], "did you mean SCHEMA_NEW_COLUMN"),
        (["--validation.severity=FOO=error"], "validation.severity.FOO: no anomaly type"),
        (["--validation.severity=SCHEMA_NEW_COLUMN=fatal"], "'error', 'warning' or 'ignore'"),
        (["--validation.missing_fraction_warning=0.3"], "max_missing_fraction (0.2)"),
        (["--validation.physics_fraction_warning=0.3"], "max_physics_fraction (0.05)"),
        (["--model.stride=0"], "model.stride"),
        (["--model.family=gru"], "'mlp', 'cnn' or 'lstm'"),
        (["--tracking.uri=mysql://host/mlflow"], "tracking: uri must be http://host:port"),
        (["--tracking.uri=sqlite:///"], "tracking: uri must be http://host:port"),
        (["--tracking.timeout=0"], "tracking.timeout"),
    ],
)
def test_a_wrong_setting_is_named(arguments, named, capsys):
    with pytest.raises(SystemExit) as refusal:
        load_settings(arguments)
    assert refusal.value.code == 2
    error = capsys.readouterr().err
    assert named in error
    assert error.count("\n") == 2


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("POWER_KUBEFLOW__DEFAULTS__ENV", '{"HF_TOKEN": 12345678}'),
        ("POWER_KUBEFLOW__DB_PASSWORD", "12345678"),
        ("POWER_KUBEFLOW__DEFAULTS__RETRIES", "postgres://u:12345678@h"),
        ("POWER_TRACKING__URI", "http://u:12345678@h"),
        ("POWER_TRACKING__URI", "https://12345678@h"),
    ],
)
def test_no_message_shows_what_may_be_a_credential(monkeypatch, capsys, variable, value):
    monkeypatch.setenv(variable, value)
    with pytest.raises(SystemExit):
        load_settings([])
    error = capsys.readouterr().err
    assert "error: kubeflow." in error or "and MLFLOW_TRACKING_PASSWORD" in error
    assert "12345678" not in error


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("data: {rowz: 1}", "data.rowz: no such setting; did you mean data.rows"),
        ("surprise: 1\nprofiles: {default: {}}", "surprise"),
        ("- 1", "key: value"),
        ("a: [", "not YAML"),
        ("seed: 1\ndata: {rows: 1}\ndata: {rows: 2}", "data is there twice"),
        ("profile: nope\nprofiles: {default: {}}", "'nope' is not in"),
    ],
)
def test_a_wrong_file_is_named(tmp_path, monkeypatch, capsys, text, message):
    values = yaml.safe_load((PROJECT / "settings.yaml").read_text())
    file = tmp_path / "mine.yaml"
    file.write_text(text)
    if text.startswith("data"):
        file.write_text(yaml.safe_dump(overlay(values, yaml.safe_load(text))))
    if text.startswith("surprise"):
        file.write_text(yaml.safe_dump(values | yaml.safe_load(text)))
    monkeypatch.setenv("POWER_SETTINGS", str(file))
    with pytest.raises(SystemExit) as refusal:
        load_settings([])
    assert refusal.value.code == 2
    error = capsys.readouterr().err
    assert message in error
    assert "mine.yaml" in error


def test_a_missing_file_says_where_to_name_one(monkeypatch, capsys):
    monkeypatch.setenv("POWER_SETTINGS", "/nowhere/settings.yaml")
    with pytest.raises(SystemExit):
        load_settings([])
    assert "POWER_SETTINGS" in capsys.readouterr().err


def test_the_code_has_no_values_of_its_own():
    def required(model: type[BaseModel]) -> None:
        for name, field in model.model_fields.items():
            inner = field.annotation
            if isinstance(inner, type) and issubclass(inner, Frozen):
                required(inner)
            assert field.is_required() or name == "profile", name

    required(Settings)


def described(folder, **changes):
    values = {
        "layouts": [{"timestamp": "when"}],
        "cadence": "PT30M",
        "target": {"name": "energy", "unit": "kWh", "aggregate": "sum"},
    }
    (folder / "my_house.yaml").write_text(yaml.safe_dump(values | changes))


def test_lengths_are_steps_or_durations():
    settings = load_settings(["--windowing.window=PT2H", "--windowing.horizon=7"])
    assert (settings.shape.window, settings.shape.horizon) == (120, 7)
    assert settings.data_options.max_gap == 15


def test_a_series_of_one_s_own_counts_from_the_current_folder(tmp_path, monkeypatch):
    described(tmp_path)
    monkeypatch.setenv("POWER_SETTINGS", str(PROJECT / "settings.yaml"))
    monkeypatch.chdir(tmp_path)
    settings = load_settings(
        ["--series=my_house.yaml", "--windowing.window=P7D", "--windowing.horizon=P1D"]
    )
    assert settings.spec.names == ("energy",)
    assert (settings.shape.window, settings.shape.horizon) == (336, 48)
    assert settings.data_options.series == settings.spec
    assert settings.validation.frozen_limits(settings.spec.step) == (48, 16)


def test_the_description_says_where_its_data_are(tmp_path):
    described(tmp_path, files="house.csv")
    house = f"--series={tmp_path / 'my_house.yaml'}"
    assert load_settings([house]).data_path == str(tmp_path / "house.csv")
    assert load_settings([house, "--data.path=other.csv"]).data_path == "other.csv"
    assert load_settings([]).data_path is None


def test_the_schema_has_the_name_of_the_series(tmp_path, monkeypatch):
    assert load_settings([]).curated_schema_file == PROJECT / "schema/uci-household.pbtxt"
    described(tmp_path)
    house = f"--series={tmp_path / 'my_house.yaml'}"
    settings = load_settings([house])
    assert settings.schema_file == PROJECT / "schema/my_house.pbtxt"
    assert settings.curated_schema_file is None
    settings = load_settings([house, "--validation.schema_file=/mine.pbtxt"])
    assert str(settings.curated_schema_file) == "/mine.pbtxt"


def test_the_windowing_may_have_a_cadence_of_its_own():
    settings = load_settings(["--windowing.cadence=PT1H", "--windowing.window=P7D"])
    assert (settings.spec.step, settings.shape.window) == (3600, 168)
    assert settings.spec.covariates[3].highest == 60 * 1700  # Wh in an hour
    assert settings.spec.target.highest == 100  # kW
    assert settings.validation.frozen_limits(settings.spec.step) == (24, 12)


def test_every_fault_of_a_description_is_named(tmp_path, monkeypatch, capsys):
    described(tmp_path, cadence="P3D", zone="Paris")
    with pytest.raises(SystemExit):
        load_settings([f"--series={tmp_path / 'my_house.yaml'}"])
    error = capsys.readouterr().err
    assert "error: series: " in error
    assert "my_house.yaml: cadence: " in error
    assert "my_house.yaml: zone: " in error


def test_the_settings_in_force_can_be_settings_again(tmp_path, monkeypatch):
    settings = load_settings(["--windowing.window=PT2H"])
    file = tmp_path / "again.yaml"
    file.write_text(
        yaml.safe_dump(settings.model_dump(mode="json") | {"profiles": {"default": {}}})
    )
    monkeypatch.setenv("POWER_SETTINGS", str(file))
    assert load_settings([]) == settings


def test_settings_are_frozen():
    settings = load_settings([])
    with pytest.raises(ValidationError):
        settings.data.rows = 1


def test_every_setting_has_an_explanation_in_the_file_and_in_the_schema():
    text = (PROJECT / "settings.yaml").read_text().split("profiles:")[0]
    lines = {line.split(":")[0].strip(): line for line in text.splitlines() if ":" in line}

    def check(model: type[BaseModel]) -> None:
        for name, field in model.model_fields.items():
            inner = field.annotation
            if isinstance(inner, type) and issubclass(inner, Frozen):
                check(inner)
            elif name == "kubeflow":  # has defaults of its own; docs/kubeflow.md
                continue
            else:
                assert field.description, f"{name} has no description"
                assert name == "profile" or "#" in lines[name], f"{name} has no comment"

    check(Settings)


def test_help_needs_no_heavy_import(capsys):
    with pytest.raises(SystemExit) as done:
        load_settings(["--help"])
    assert done.value.code == 0
    text = capsys.readouterr().out
    assert "--data.rows" in text
    assert "(required)" not in text
