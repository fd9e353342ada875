"""Settings: settings.yaml, its profile, environment and command line as one frozen object.

>>> settings = load_settings(["--profile=sample", "--data.rows=5000"])
>>> settings.data.rows
5000
"""

import argparse
import json
import os
import re
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NoReturn, Self, get_origin
from urllib.parse import urlsplit

from pydantic import BaseModel, Field, ValidationError, field_validator, model_validator
from pydantic_core import ErrorDetails
from pydantic_settings import (
    BaseSettings,
    CliSettingsSource,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    SettingsError,
)
from tfx_kubeflow.settings import KubeflowSettings
from tfx_kubeflow.settings.credentials import credential, secret_name
from tfx_kubeflow.storage.uris import to_local

from modules.config import ModelSettings, TrainerConfig, TunerSettings
from tfx_pipeline.beam.settings import BeamSettings
from tfx_pipeline.components.data_gate.settings import ValidationSettings
from tfx_pipeline.data.contract import Windowing
from tfx_pipeline.data.options import DataOptions, DataSettings, WindowingSettings
from tfx_pipeline.data.raw.location import locate
from tfx_pipeline.evaluation.settings import GateSettings, MonitoringSettings
from tfx_pipeline.frozen import Frozen, UserPath
from tfx_pipeline.hints import did_you_mean
from tfx_pipeline.series.files import described_files, read_series
from tfx_pipeline.series.spec import SeriesSpec
from tfx_pipeline.serving.settings import ServingSettings
from tfx_pipeline.settings_file import ENV_PREFIX, overlay, read_settings_file, settings_file

SERIES = "{series}"
"""In `validation.schema_file`: the name of the series."""


class TrackingSettings(Frozen):
    """Where runs are logged with MLflow."""

    uri: str | None
    """http://host:port of a server, or sqlite:///path of a file; null: nowhere."""
    timeout: float = Field(gt=0)
    """Seconds that the end of a run waits for a server; what it misses is logged later."""

    @model_validator(mode="after")  # a message about the whole section does not show its values
    def _names_a_store(self) -> Self:
        if self.uri is None:
            return self
        parts = urlsplit(self.uri)
        if "@" in parts.netloc:
            raise ValueError(
                "uri must hold neither user nor password; "
                "set MLFLOW_TRACKING_USERNAME and MLFLOW_TRACKING_PASSWORD"
            )
        server = parts.scheme in ("http", "https") and parts.hostname
        file = self.uri.startswith("sqlite:///") and self.uri != "sqlite:///"
        if not server and not file:
            raise ValueError("uri must be http://host:port, or sqlite:///path")
        return self


class KubeflowRunSettings(KubeflowSettings):
    """Where things are as the pods see them, and what the pods ask for."""

    data: UserPath
    """The raw data: a path in the pod, or a URI such as s3://bucket/span-{SPAN}/*.csv."""
    serving_base: UserPath
    """Folder of the served models, <base>/<name>/<version>/: a mounted path or a URI."""


class Settings(BaseSettings):
    """All settings of one run."""

    model_config = SettingsConfigDict(
        frozen=True,
        extra="forbid",
        use_attribute_docstrings=True,
        env_prefix=ENV_PREFIX,
        env_nested_delimiter="__",
        env_parse_none_str="null",
        cli_parse_none_str="null",
        cli_avoid_json=True,
        nested_model_default_partial_update=True,
    )

    profile: str = "default"
    """One of the profiles in the settings file."""
    name: str = Field(pattern=r"^[a-z0-9]([a-z0-9-]*[a-z0-9])?$", max_length=50)
    """Of the pipeline and of the served model."""
    outputs: UserPath
    """Folder of everything that a run writes."""
    seed: int = Field(ge=0, lt=2**31)
    """Of every random choice; the same seed repeats a run."""
    series: UserPath
    """The description of the data: a preset's name, or the path of a YAML file."""
    data: DataSettings
    windowing: WindowingSettings
    validation: ValidationSettings
    model: ModelSettings
    tuner: TunerSettings
    gate: GateSettings
    serving: ServingSettings
    monitoring: MonitoringSettings
    tracking: TrackingSettings
    beam: BeamSettings
    kubeflow: KubeflowRunSettings

    @field_validator("series")
    @classmethod
    def _is_described(cls, series: str) -> str:
        read_series(series)
        described_files(series)
        return series

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        self.validation.frozen_limits(self.data_options.series.step)
        return self

    @property
    def spec(self) -> SeriesSpec:
        """The description of the series, at the cadence of the windowing."""
        return self.windowing.at_cadence(read_series(self.series))

    @property
    def data_path(self) -> str | None:
        """`data.path`, or else the files that the description of the series is of."""
        return self.data.path or described_files(self.series)

    @property
    def shape(self) -> Windowing:
        """The windowing in steps."""
        return self.windowing.shape(self.spec.step)

    @property
    def data_options(self) -> DataOptions:
        """Everything that decides which Examples come out of the same files."""
        return self.data.options(self.spec, self.shape)

    @property
    def trainer_config(self) -> TrainerConfig:
        """What is trained, and on what."""
        return TrainerConfig(
            series=self.spec,
            windowing=self.shape,
            seed=self.seed,
            model=self.model,
            tuner=self.tuner,
        )

    @property
    def schema_file(self) -> Path:
        """The curated schema; a relative path counts from the settings file's folder."""
        name = self.validation.schema_file.replace(SERIES, Path(self.series).stem)
        return settings_file().absolute().parent / name

    @property
    def curated_schema_file(self) -> Path | None:
        """The curated schema; None where there is none and the series' description stands in."""
        optional = SERIES in self.validation.schema_file
        return None if optional and not self.schema_file.exists() else self.schema_file

    @property
    def read_here(self) -> dict[str, str]:
        """Setting -> folder that Beam's workers read or write in a run on this machine."""
        data = Path(self.data_path).absolute() if self.data_path else locate(None).base
        return {
            "outputs": str(self.root),
            "data.path": str(data),
            "beam.temp": self.beam.temp or "",
        }

    @property
    def read_in_pods(self) -> dict[str, str]:
        """The same on Kubeflow, where each step has its artifacts in folders of its pod."""
        run = self.kubeflow
        # The step copies data from a bucket into its temporary folder.
        data = {} if "://" in run.data else {"kubeflow.data": run.data}
        root = to_local(run.pipeline_root)
        return {"kubeflow.pipeline_root": root, **data, "beam.temp": self.beam.temp or "/tmp"}  # noqa: S108

    @property
    def root(self) -> Path:
        """Folder of this pipeline's artifacts, metadata and runs."""
        return Path(self.outputs).absolute() / self.name

    @property
    def serving_dir(self) -> Path:
        """Folder that TensorFlow Serving watches: its subfolders are versions."""
        base = Path(self.serving.base) if self.serving.base else Path(self.outputs) / "serving"
        return base.absolute() / self.name

    @property
    def log_dir(self) -> Path:
        """Folder of the request log."""
        folder = self.serving.log.folder
        return Path(folder) if folder else Path(self.outputs).absolute() / "requests" / self.name

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
        profile = self.current_state.get("profile", values.get("profile", "default"))
        if profile not in profiles:
            raise SettingsError(
                f"profile: {profile!r} is not in {settings_file()}; there are {', '.join(profiles)}"
            )
        return {**overlay(values, profiles[profile] or {}), "profile": profile}


def takes_settings(command: argparse.ArgumentParser) -> None:
    """Makes a command of `household-power` take settings besides its own options."""
    command.set_defaults(settings=[])
    command.usage = f"{command.prog} [options] [--SETTING=VALUE ...]"
    command.epilog = "settings: see python runner_local.py --help"


def load_settings(
    arguments: Sequence[str] | None = None,
    program: str | None = None,
    read: Callable[[Settings], Mapping[str, str]] | None = None,
) -> Settings:
    """Reads the settings.

    Args:
        arguments: Command-line options such as `--data.rows=5000`; None: those of the process.
        program: Name in the help text.
        read: Gives the folders that Beam's workers read in the run that these settings are for.

    Returns:
        The settings.

    Raises:
        SystemExit: 0 after `--help`; 2 on a wrong setting, with a message that names it.
    """
    args = list(sys.argv[1:] if arguments is None else arguments)
    try:
        command_line: CliSettingsSource[Any] = CliSettingsSource(
            Settings, root_parser=_Parser(program), cli_parse_args=args
        )
        _require_known_variables()
        settings = Settings(_cli_settings_source=command_line)
        if read:
            settings.beam.check_reach(read(settings))
        return settings
    except (ValidationError, SettingsError) as error:
        raise _refusal(error) from error


class _Parser(argparse.ArgumentParser):
    """Options have their values in the settings file: none is required on the command line."""

    def __init__(self, program: str | None) -> None:
        super().__init__(
            prog=program,
            description=Settings.__doc__,
            formatter_class=_HelpFormatter,
            allow_abbrev=False,
        )

    def error(self, message: str) -> NoReturn:
        unknown = message.removeprefix("unrecognized arguments: ")
        if unknown != message:
            option = unknown.split()[0].partition("=")[0]
            message = _unknown(option, (f"--{name}" for name in setting_names(Settings)))
        raise _refusal(SettingsError(message))


class _HelpFormatter(argparse.RawDescriptionHelpFormatter):
    def _get_help_string(self, action: argparse.Action) -> str | None:
        return action.help and action.help.replace("(required)", "")


def setting_names(model: type[BaseModel]) -> Iterator[str]:
    """Dotted names of all settings."""
    return (name for name, _ in _types(model))


def _types(model: type[BaseModel]) -> Iterator[tuple[str, Any]]:
    """Dotted names of all settings, and their types."""
    for name, field in model.model_fields.items():
        inner = field.annotation
        if isinstance(inner, type) and issubclass(inner, BaseModel):
            yield from ((f"{name}.{below}", kind) for below, kind in _types(inner))
        else:
            yield name, inner


def _require_known_variables() -> None:
    """Refuses variables of sections that there are not, which pydantic would pass over.

    Not those without a section: Kubernetes sets `POWER_SERVICE_HOST` where a service is so called.
    """
    sections = {_variable(name) for name in Settings.model_fields}
    for name in os.environ:
        section, nested, _ = name.upper().partition("__")
        if section.startswith(ENV_PREFIX) and nested and section not in sections:
            raise SettingsError(_unknown(name, map(_variable, setting_names(Settings))))
    for setting, kind in _types(Settings):
        text = os.environ.get(_variable(setting))
        if text is not None and get_origin(kind) in (tuple, dict) and not _is_json(text):
            raise SettingsError(f"{_variable(setting)}: {_IN_JSON}")


_IN_JSON = 'expected JSON: a list is ["a", "b"], a mapping {"a": 1}'


def _is_json(text: str) -> bool:
    try:
        json.loads(text)
    except ValueError:
        return False
    return True


def _variable(name: str) -> str:
    return ENV_PREFIX + name.replace(".", "__").upper()


def _unknown(name: str, known: Iterable[str]) -> str:
    return f"{name}: no such setting{did_you_mean(name, known)}"


_NO_JSON = re.compile(r"Parsing error encountered for ([\w.]+): .*", re.DOTALL)


def _refusal(error: ValidationError | SettingsError) -> SystemExit:
    """A message that names each wrong setting, and the exit code of wrong usage."""
    lines = [_NO_JSON.sub(rf"--\1: {_IN_JSON}", str(error))]
    if isinstance(error, ValidationError):
        lines = [_explain(item) for item in error.errors(include_url=False)]
    for line in lines:
        print(f"error: {line}", file=sys.stderr)
    print(f"(see {settings_file()}, `--help` or docs/settings.md)", file=sys.stderr)
    return SystemExit(2)


def _explain(item: ErrorDetails) -> str:
    parts = [str(part) for part in item["loc"] if part != "[key]"]
    name = ".".join(parts)
    if item["type"] == "extra_forbidden":
        return _unknown(name, setting_names(Settings))
    message, value = item["msg"].removeprefix("Value error, "), item.get("input")
    secret = any(map(secret_name, parts)) or credential("", str(value))
    shown = "" if secret or isinstance(value, dict | BaseModel) else f" (is {value!r})"
    return f"{name}: {message}{shown}" if name else f"{message}{shown}"
