"""What the model that a server has wants to be asked, and whether the server agrees."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from pydantic import ValidationError

from tfx_pipeline.client.errors import ForecastError
from tfx_pipeline.client.transport import Served
from tfx_pipeline.data.contract import METER
from tfx_pipeline.lineage.served import serving
from tfx_pipeline.model_contract import METADATA_FILE, Input, ModelMetadata
from tfx_pipeline.series.files import read_series
from tfx_pipeline.settings import Settings


def model_of(
    served: Served, settings: Settings, version: str | None = None, own_series: bool = False
) -> ModelMetadata:
    """Finds the description of a served model.

    It is the one beside the model where the folder of the served models is on this machine, else
    what the settings say.

    Args:
        served: What the server says of the model.
        settings: Where the folder is, and how the series is described here.
        version: That is asked, where the server does not say which one answers.
        own_series: Whether files are written as the settings describe it, and not as those were
            that the model was trained on.

    Raises:
        ForecastError: There is no such description, or it and the server do not agree.
    """
    version = served.version or version or serving(settings.serving_dir)
    file = settings.serving_dir / (version or "none") / METADATA_FILE
    if file.is_file():
        model, where = _read(file), str(file)
        if own_series:
            model = _written_otherwise(model, settings)
    else:
        model, where = _of_settings(served, settings), "the settings"
    if served.inputs is not None:
        require_same(model.inputs, served.inputs, where)
    return model


def require_same(described: Mapping[str, Input], takes: Mapping[str, Input], where: str) -> None:
    """Compares the inputs that a description has with those that a server names.

    Raises:
        ForecastError: They are not the same; the message names each that is not.
    """
    faults = [
        f"{name}: {takes.get(name) or 'not there'}, by {where} {described.get(name) or 'not there'}"
        for name in sorted(described.keys() | takes.keys())
        if not _same(described.get(name), takes.get(name))
    ]
    if faults:
        raise ForecastError(
            "the server's model takes other inputs:\n  "
            + "\n  ".join(faults)
            + "\nname the folder of its forecast.json (--serving.base), or its series and "
            "windowing (--series, --windowing.window, --windowing.horizon)"
        )


def _same(described: Input | None, takes: Input | None) -> bool:
    """Whether they are one; servers may leave a length open."""
    if described is None or takes is None or described.dtype != takes.dtype:
        return False
    return len(described.shape) == len(takes.shape) and all(
        size in (own, -1) for own, size in zip(described.shape, takes.shape, strict=True)
    )


def _read(file: Path) -> ModelMetadata:
    try:
        return ModelMetadata.model_validate_json(file.read_bytes())
    except OSError as error:
        raise ForecastError(f"{file}: {error.strerror}") from error
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        place = ".".join(map(str, first["loc"]))
        raise ForecastError(f"{file}: {place}: {first['msg']}") from error


def _of_settings(served: Served, settings: Settings) -> ModelMetadata:
    several = served.inputs is not None and METER in served.inputs
    return ModelMetadata(
        series=settings.spec,
        window=settings.shape.window,
        horizon=settings.shape.horizon,
        origins=settings.shape.origins,
        meters=2 if several else 1,
        family="unknown",
        hyperparameters={},
    )


def _written_otherwise(model: ModelMetadata, settings: Settings) -> ModelMetadata:
    """The same model for files that the settings describe.

    Raises:
        ForecastError: They hold other measurements, or in other units.
    """
    series = read_series(settings.series).at(model.series.cadence)
    described = model.model_copy(update={"series": series})
    faults = model.differences(described)
    if faults:
        raise ForecastError(f"--series={settings.series} is not the model's: {'; '.join(faults)}")
    return described
