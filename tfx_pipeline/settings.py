"""Settings: settings.yaml, its profile, environment and command line as one frozen object.

>>> settings = load_settings(["--profile=sample", "--data.rows=5000"])
>>> settings.data.rows
5000
"""

import argparse
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator
from pydantic_settings import (
    BaseSettings,
    CliSettingsSource,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    SettingsError,
)
from tfx_kubeflow.settings import KubeflowSettings
from tfx_kubeflow.settings.credentials import credential, secret_name

from tfx_pipeline.data.contract import Windowing
from tfx_pipeline.data.options import DataOptions

ENV_PREFIX = "POWER_"
SETTINGS_FILE_VARIABLE = ENV_PREFIX + "SETTINGS"
Severity = Literal["error", "warning", "ignore"]
Family = Literal["mlp", "cnn", "lstm"]
Share = Field(ge=0.0, le=1.0)


class Section(BaseModel):
    """A group of settings: frozen, unknown keys refused, described by its docstrings."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)


class DataSettings(Section):
    """Where the raw minutes are and how they are cut."""

    path: str | None
    """File, folder or pattern, with spans as span-{SPAN}; null: the embedded UCI data set."""
    rows: int | None = Field(ge=1)
    """Read only the first N rows of the input; null: all."""
    max_gap: int = Field(ge=0)
    """Minutes; a longer run of missing minutes ends a stretch, which no window crosses."""
    max_bad_rows: int = Field(ge=0)
    """Isolated unreadable rows accepted; they are counted, reported and become missing minutes."""
    train_fraction: float = Field(gt=0.0, lt=1.0)
    """Share of the time range, the oldest part, to train on."""
    eval_fraction: float = Field(gt=0.0, lt=1.0)
    """Share of the time range after it, for tuning; the newest rest is for the gate."""

    @model_validator(mode="after")
    def _leaves_a_test_split(self) -> "DataSettings":
        if self.train_fraction + self.eval_fraction >= 1.0:
            raise ValueError("train_fraction + eval_fraction must leave a newest part for the gate")
        return self


class WindowingSettings(Section):
    """Shape of windows and segments, in minutes."""

    window: int = Field(ge=2, le=1440)
    """Minutes the model looks back."""
    horizon: int = Field(ge=1, le=120)
    """Minutes it looks ahead."""
    origins: int = Field(ge=1, le=60)
    """Forecast origins per tf.Example; a divisor of 60: an Example lies in one clock hour."""

    @model_validator(mode="after")
    def _divides_an_hour(self) -> "WindowingSettings":
        if 60 % self.origins:
            raise ValueError(f"origins must divide 60, {self.origins} does not")
        return self

    @property
    def windowing(self) -> Windowing:
        """The same numbers as the data room knows them."""
        return Windowing(self.window, self.horizon, self.origins)


class ValidationSettings(Section):
    """What the data gate lets through."""

    schema_file: str
    """Curated TFDV schema of the raw data."""
    severity: dict[str, Severity]
    """TFDV anomaly type -> severity; a type that is not named is an error."""
    max_missing_fraction: float = Share
    """Share of the minutes without a value that stops the pipeline, per measurement."""
    missing_fraction_warning: float = Share
    """The same, for a warning."""
    max_physics_fraction: float = Share
    """Share of the minutes breaking a physical law that stops the pipeline, per law."""
    physics_fraction_warning: float = Share
    """The same, for a warning."""


class ModelSettings(Section):
    """The network and its training."""

    family: Family
    """mlp, cnn, or lstm (the articles' two-layer LSTM)."""
    steps: int = Field(ge=1)
    """Batches of the final fit, at most: a number, not a time, so that a seed repeats a run."""
    epochs: int = Field(ge=1)
    """Passes over the training windows, at most; more than three overfit."""
    batch: int = Field(ge=1)
    """Windows per batch."""
    stride: int = Field(ge=1)
    """A batch takes every so many-th window of its segments: neighbours tell much the same."""


class TunerSettings(Section):
    """The search for hyperparameters."""

    enabled: bool
    """false: the last best hyperparameters in ML Metadata are used, or else the defaults."""
    steps: int = Field(ge=1)
    """Batches per trial, at most."""
    epochs: int = Field(ge=1)
    """Passes over the training windows per trial, at most."""
    parallel_trials: int = Field(ge=1)
    """Trials at a time."""


class GateSettings(Section):
    """What a model must show on the newest data before it is blessed."""

    margin: float = Field(ge=0.0, lt=1.0)
    """The MSE must be at least this share below persistence's."""
    baseline_tolerance: float = Field(ge=0.0)
    """Share by which the MSE may exceed the last blessed model's."""
    slice_bound: float = Field(gt=0.0)
    """MSE over persistence's in every hour of day, on weekdays and on weekends."""
    min_forecasts: int = Field(ge=1)
    """Slices with fewer forecasts are not judged."""
    coverage: float = Field(gt=0.0, lt=1.0)
    """Share of the outcomes that the band P10..P90 should hold."""
    coverage_tolerance: float = Field(ge=0.0, le=1.0)
    """By how much it may miss that."""


class ServingSettings(Section):
    """Where models are pushed."""

    base: str | None
    """Folder of the served models, <base>/<name>/<version>/; null: <outputs>/serving."""


class KubeflowRunSettings(KubeflowSettings):
    """Where things are as the pods see them, and what the pods ask for."""

    data: str
    """The raw minutes: a path in the pod, or an address such as s3://bucket/span-{SPAN}/*.csv."""
    serving_base: str
    """Folder of the served models, <base>/<name>/<version>/: a mounted path or an address."""


class Settings(BaseSettings):
    """All settings of one run."""

    model_config = SettingsConfigDict(
        frozen=True,
        extra="forbid",
        use_attribute_docstrings=True,
        env_prefix=ENV_PREFIX,
        env_nested_delimiter="__",
        cli_avoid_json=True,
        nested_model_default_partial_update=True,
    )

    profile: str = "default"
    """One of the profiles in the settings file."""
    name: str = Field(pattern=r"^[a-z0-9]([a-z0-9-]*[a-z0-9])?$", max_length=50)
    """Of the pipeline and of the served model."""
    outputs: str
    """Folder of everything that a run writes."""
    seed: int = Field(ge=0, lt=2**31)
    """Of every random choice; the same seed repeats a run."""
    data: DataSettings
    windowing: WindowingSettings
    validation: ValidationSettings
    model: ModelSettings
    tuner: TunerSettings
    gate: GateSettings
    serving: ServingSettings
    kubeflow: KubeflowRunSettings

    @model_validator(mode="after")
    def _gap_fits_the_window(self) -> "Settings":
        if self.data.max_gap >= self.windowing.window:
            raise ValueError(
                f"data.max_gap ({self.data.max_gap}) must be smaller than windowing.window "
                f"({self.windowing.window}): a window needs at least one observed minute"
            )
        return self

    @property
    def data_options(self) -> DataOptions:
        """Everything that decides which Examples come out of the same files."""
        return DataOptions(
            windowing=self.windowing.windowing, **self.data.model_dump(exclude={"path"})
        )

    @property
    def schema_file(self) -> Path:
        """The curated schema; a relative path counts from the settings file's folder."""
        return settings_file().absolute().parent / self.validation.schema_file

    @property
    def root(self) -> Path:
        """Folder of this pipeline's artifacts, metadata and runs."""
        return Path(self.outputs).absolute() / self.name

    @property
    def serving_dir(self) -> Path:
        """Folder that TensorFlow Serving watches: its subfolders are versions."""
        base = Path(self.serving.base) if self.serving.base else Path(self.outputs) / "serving"
        return base.absolute() / self.name

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Order of the sources, strongest first (the command line is put before them all)."""
        return env_settings, ProfileSource(settings_cls)


class ProfileSource(PydanticBaseSettingsSource):
    """The settings file with the chosen profile laid over it."""

    def get_field_value(self, field: Any, field_name: str) -> tuple[Any, str, bool]:
        """Unused: the file is read as a whole."""
        raise NotImplementedError

    def __call__(self) -> dict[str, Any]:
        values = read_settings_file(settings_file())
        profiles = values.pop("profiles", {})
        profile = self.current_state.get("profile", "default")
        if profile not in profiles:
            raise SettingsError(
                f"profile: {profile!r} is not in {settings_file()}; there are {', '.join(profiles)}"
            )
        return {**overlay(values, profiles[profile] or {}), "profile": profile}


def settings_file() -> Path:
    """The file named by POWER_SETTINGS, else settings.yaml here, else the project's own."""
    named = os.environ.get(SETTINGS_FILE_VARIABLE)
    if named:
        return Path(named)
    here = Path("settings.yaml")
    return here if here.exists() else Path(__file__).parent.parent / "settings.yaml"


def read_settings_file(path: Path) -> dict[str, Any]:
    """Reads a settings file.

    Raises:
        SettingsError: The file cannot be read or is not a YAML mapping.
    """
    try:
        values = yaml.safe_load(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise SettingsError(
            f"{path}: {error.strerror}; name a file in {SETTINGS_FILE_VARIABLE}"
        ) from error
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise SettingsError(f"{path}: not YAML: {error}") from error
    if not isinstance(values, dict):
        raise SettingsError(f"{path}: expected settings, one `key: value` a line")
    return values


def overlay(below: dict[str, Any], above: dict[str, Any]) -> dict[str, Any]:
    """Returns `below` with the values of `above` laid over it, section by section."""
    merged = dict(below)
    for key, value in above.items():
        nested = isinstance(value, dict) and isinstance(merged.get(key), dict)
        merged[key] = overlay(merged[key], value) if nested else value
    return merged


def load_settings(arguments: Sequence[str] | None = None, program: str | None = None) -> Settings:
    """Reads the settings.

    Args:
        arguments: Command-line options such as `--data.rows=5000`; None: those of the process.
        program: Name in the help text.

    Returns:
        The settings.

    Raises:
        SystemExit: 0 after `--help`; 2 on a wrong setting, with a message that names it.
    """
    args = list(sys.argv[1:] if arguments is None else arguments)
    command_line: CliSettingsSource[Any] = CliSettingsSource(
        Settings, cli_prog_name=program, cli_parse_args=args, formatter_class=_HelpFormatter
    )
    try:
        return Settings(_cli_settings_source=command_line)
    except (ValidationError, SettingsError) as error:
        raise _refusal(error) from error


class _HelpFormatter(argparse.RawDescriptionHelpFormatter):
    """Options have their values in the settings file: none is required on the command line."""

    def _get_help_string(self, action: argparse.Action) -> str | None:
        return action.help and action.help.replace("(required)", "")


def _refusal(error: ValidationError | SettingsError) -> SystemExit:
    """A message that names each wrong setting, and the exit code of wrong usage."""
    lines = [str(error)]
    if isinstance(error, ValidationError):
        lines = [_explain(item["loc"], item["msg"], item.get("input")) for item in error.errors()]
    for line in lines:
        print(f"error: {line}", file=sys.stderr)
    print(f"(see {settings_file()}, `--help` or docs/settings.md)", file=sys.stderr)
    return SystemExit(2)


def _explain(location: tuple[int | str, ...], message: str, value: Any) -> str:
    name = ".".join(str(part) for part in location) or "settings"
    secret = any(secret_name(str(part)) for part in location) or credential("", str(value))
    shown = "" if secret or isinstance(value, dict | BaseModel) else f" (is {value!r})"
    return f"{name}: {message}{shown}"
