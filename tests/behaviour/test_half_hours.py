"""The same of quite another series: half-hours in kWh, two meters, a day ahead, a temperature."""

import json

import numpy as np
import pytest
import tensorflow as tf
from tfx.components.trainer.fn_args_utils import FnArgs

from modules import trainer
from modules.config import Budget
from modules.examples import Examples
from modules.training import fit
from tests.support.settings import trainer_config
from tests.support.transform import analyze
from tfx_pipeline.components.example_gen.encoder import Encoder
from tfx_pipeline.data.contract import Windowing
from tfx_pipeline.data.segments.cutter import Segments
from tfx_pipeline.model_contract import DEFAULT_SIGNATURE, METADATA_FILE, ModelMetadata
from tfx_pipeline.series.spec import SeriesSpec

pytestmark = pytest.mark.slow

DAY = 48
SHAPE = Windowing(window=2 * DAY, horizon=DAY, origins=DAY)
SERIES = SeriesSpec.model_validate(
    {
        "layouts": [{"timestamp": "time"}],
        "zone": "Europe/Paris",
        "meter": "meter",
        "cadence": "PT30M",
        "target": {"name": "load", "unit": "kWh", "aggregate": "sum", "lowest": 0},
        "known_ahead": [{"name": "temperature", "unit": "degC"}],
        "holidays": "FR",
    }
)
CONFIG = trainer_config(
    series=SERIES.model_dump(mode="json"),
    windowing=SHAPE.model_dump(),
    model={"steps": 150, "batch": 96, "stride": 4, "epochs": 10},
)
SCALES = {"small": 0.2, "large": 4.0}


def house(scale: float, days: int, seed: int) -> np.ndarray:
    """[2, half-hours]: a load that follows the day and rises as the temperature falls."""
    rng = np.random.default_rng(seed)
    steps = np.arange(days * DAY)
    temperature = 10 + 5 * np.repeat(rng.normal(size=days), DAY)
    day = 1.5 + np.sin(2 * np.pi * steps / DAY) - 0.08 * (temperature - 10)
    load = scale * np.maximum(day + 0.1 * rng.normal(size=steps.size), 0.05)
    return np.stack([load, temperature]).astype(np.float32)


def segments(meter: str, values: np.ndarray) -> Segments:
    """All whole segments of a house; its first step is the first of 2007."""
    origins, number = SHAPE.origins, (values.shape[1] - SHAPE.length) // SHAPE.origins
    first = (SHAPE.window - 1) // origins + 1 + np.arange(number)
    index = first[:, None] * origins - (SHAPE.window - 1) + np.arange(SHAPE.length)
    unknown = np.full((number, SHAPE.labels), np.nan, np.float32)
    begin = 37 * 365 * DAY
    weight = np.ones((number, origins), np.float32)
    return Segments(
        "train", meter, values[:, index], weight, begin + first * origins, unknown, unknown
    )


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    found = tmp_path_factory.mktemp("half-hours")
    for split, days, seed in (("train", 120, 1), ("eval", 20, 2)):
        (found / split).mkdir()
        parts = [segments(name, house(scale, days, seed)) for name, scale in SCALES.items()]
        with tf.io.TFRecordWriter(str(found / split / "data.gz"), "GZIP") as writer:
            for example in Encoder(SERIES, {}).encode(parts):
                writer.write(example)
    analyze(str(found / "train" / "*"), SHAPE, found / "transform", series=SERIES)
    trainer.run_fn(
        FnArgs(
            working_dir=str(found / "work"),
            train_files=[str(found / "train" / "*")],
            eval_files=[str(found / "eval" / "*")],
            transform_graph_path=str(found / "transform"),
            serving_model_dir=str(found / "model"),
            model_run_dir=str(found / "model_run"),
            custom_config=CONFIG.model_dump(mode="json"),
        )
    )
    return found


@pytest.fixture(scope="module")
def ask(folder):
    signature = tf.saved_model.load(str(folder / "model")).signatures[DEFAULT_SIGNATURE]

    def asked(meter: str, values: np.ndarray) -> np.ndarray:
        """The mean a day ahead of the first origin of each day: [days, horizon]."""
        starts = np.arange(0, values.shape[1] - SHAPE.window - SHAPE.horizon, DAY)
        load = np.stack([values[0, at : at + SHAPE.window] for at in starts])
        known = [values[1, at : at + SHAPE.window + SHAPE.horizon] for at in starts]
        begin = 37 * 365 * DAY + starts + SHAPE.window - 1
        outputs = signature(
            load=tf.constant(load),
            temperature=tf.constant(np.stack(known)),
            timestamp=tf.constant(1800 * begin, tf.int64),
            meter=tf.constant([meter] * len(starts)),
        )
        return outputs["mean"].numpy()

    return asked


def labels(values: np.ndarray) -> np.ndarray:
    starts = np.arange(0, values.shape[1] - SHAPE.window - SHAPE.horizon, DAY)
    return np.stack([values[0, at + SHAPE.window :][: SHAPE.horizon] for at in starts])


def test_the_model_says_what_it_takes(folder):
    metadata = ModelMetadata.model_validate(
        json.loads((folder / "model" / METADATA_FILE).read_text())
    )
    assert metadata.meters == 2
    assert metadata.inputs["temperature"].shape == (SHAPE.window + SHAPE.horizon,)
    assert metadata.inputs["meter"].dtype == "string"


def test_the_same_seed_gives_the_same_network(folder):
    def weights():
        examples = Examples(str(folder / "transform"), CONFIG)
        train, evaluation = ([str(folder / split / "*")] for split in ("train", "eval"))
        origins = examples.evaluation(evaluation)
        fitted = fit(examples, [train], origins, {}, Budget(steps=12, epochs=1))
        return fitted.network.get_weights()

    for first, second in zip(weights(), weights(), strict=True):
        np.testing.assert_array_equal(first, second)


@pytest.mark.parametrize("meter", SCALES)
def test_a_day_ahead_it_is_better_than_yesterday(ask, meter):
    values = house(SCALES[meter], 30, seed=3)
    truth = labels(values)
    yesterday = np.stack([values[0, at + DAY :][:DAY] for at in range(0, len(truth) * DAY, DAY)])
    own = np.mean((ask(meter, values) - truth) ** 2)
    assert own < 0.7 * np.mean((yesterday - truth) ** 2)


def test_a_meter_never_seen_is_scaled_by_its_window(ask):
    values = house(0.9, 30, seed=4)
    error = np.sqrt(np.mean((ask("new", values) - labels(values)) ** 2))
    assert error < 0.35 * values[0].std()


def test_colder_days_ahead_take_more(ask):
    values = house(SCALES["large"], 10, seed=5)
    colder = values.copy()
    colder[1, SHAPE.window :] -= 5.0
    first, second = ask("large", values)[0], ask("large", colder)[0]
    assert (second - first).mean() > 0.3 * 5 * 0.08 * SCALES["large"]
