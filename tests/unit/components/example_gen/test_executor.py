"""The Examples that PowerExampleGen writes, feature by feature, and what it leaves on failure."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf
from tfx.components.util import examples_utils
from tfx.dsl.components.base.base_beam_executor import BaseBeamExecutor
from tfx.proto import example_gen_pb2
from tfx.types import standard_artifacts
from tfx.types.artifact_utils import decode_split_names
from tfx.utils import proto_utils

from tests.support.houses import DESCRIPTION, START, ZONE, write_houses
from tests.support.series import household, write_iso, write_uci
from tests.support.settings import MEASUREMENTS, WINDOWING, data_options
from tfx_pipeline.components.example_gen.component import PowerExampleGen
from tfx_pipeline.components.example_gen.executor import (
    Executor,
    WriteShards,
    _divide,
)
from tfx_pipeline.data.contract import SPLITS, Windowing
from tfx_pipeline.data.inspection import inspect
from tfx_pipeline.data.options import DataOptions
from tfx_pipeline.data.raw.errors import DataError
from tfx_pipeline.data.segments.shards import SHARDS
from tfx_pipeline.data.summary import (
    DATA_FILES_FILE,
    DATA_FILES_PROPERTY,
    DATA_SUMMARY_FILE,
    DATA_SUMMARY_PROPERTY,
    LISTED_FILES,
    DataExtent,
    DataSummary,
    FileList,
)
from tfx_pipeline.series.spec import SeriesSpec

NORTH = household(4000, "2007-01-01 00:17", seed=1, meter="north").without_rows(slice(300, 340))
SOUTH = household(5000, "2007-01-01 09:00", seed=2, meter="south").without_values(slice(70, 75))

# An image's name keeps TFX from packing its own sources first.
BEAM_ARGS = ["--direct_running_mode=in_memory", "--sdk_container_image=none"]

Example = dict[str, np.ndarray]


def run(
    folder: Path, output: Path, options: DataOptions, pattern: str = "*", writers: int = 1
) -> standard_artifacts.Examples:
    component = PowerExampleGen(str(folder), pattern, options, writers)
    properties = {
        key: proto_utils.proto_to_json(value) if hasattr(value, "DESCRIPTOR") else value
        for key, value in component.exec_properties.items()
    }
    examples = standard_artifacts.Examples()
    examples.uri = str(output)
    context = BaseBeamExecutor.Context(
        beam_pipeline_args=BEAM_ARGS, unique_id="1", tmp_dir=str(output)
    )
    Executor(context).Do({}, {"examples": [examples]}, properties)
    return examples


def read_shard(path: Path) -> list[Example]:
    """Parses by the raw feature spec of the data contract, as every consumer does."""
    spec = {
        **{name: tf.io.FixedLenFeature([WINDOWING.length], tf.float32) for name in MEASUREMENTS},
        "weight": tf.io.FixedLenFeature([WINDOWING.origins], tf.float32),
        **{
            name: tf.io.FixedLenFeature([WINDOWING.labels], tf.float32)
            for name in ("same_time_yesterday", "same_time_last_week")
        },
        **{
            name: tf.io.FixedLenFeature([1], tf.int64)
            for name in ("first_origin", "hour", "weekday")
        },
        "meter": tf.io.FixedLenFeature([1], tf.string),
    }
    records = list(tf.data.TFRecordDataset(str(path), "GZIP").as_numpy_iterator())
    if not records:
        return []
    parsed = {name: value.numpy() for name, value in tf.io.parse_example(records, spec).items()}
    return [{name: value[row] for name, value in parsed.items()} for row in range(len(records))]


def shards(output: Path, split: str) -> list[list[Example]]:
    paths = [
        output / f"Split-{split}" / f"data_tfrecord-{number:05d}-of-{SHARDS:05d}.gz"
        for number in range(SHARDS)
    ]
    assert sorted((output / f"Split-{split}").iterdir()) == paths
    return [read_shard(path) for path in paths]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("raw")
    write_uci(
        folder / "b", NORTH.without_rows(slice(1000, None)), SOUTH.without_rows(slice(500, None))
    )
    write_iso(folder / "a", NORTH.without_rows(slice(0, 1000)), SOUTH.without_rows(slice(0, 500)))
    (folder / ".hidden").write_text("no data")
    return folder


@pytest.fixture(scope="module")
def artifact(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> standard_artifacts.Examples:
    return run(folder, tmp_path_factory.mktemp("examples"), data_options())


def examples_of(artifact: standard_artifacts.Examples) -> Iterator[tuple[str, Example]]:
    for split in SPLITS:
        for shard in shards(Path(artifact.uri), split):
            for example in shard:
                yield split, example


def summary_of(artifact: standard_artifacts.Examples) -> DataSummary:
    return DataSummary.model_validate_json(Path(artifact.uri, DATA_SUMMARY_FILE).read_bytes())


def test_every_file_is_recorded_with_its_hash(
    folder: Path, artifact: standard_artifacts.Examples
) -> None:
    files = json.loads(artifact.get_string_custom_property(DATA_FILES_PROPERTY))
    assert files == [
        {
            "path": str(folder / name),
            "size": (folder / name).stat().st_size,
            "sha256": hashlib.sha256((folder / name).read_bytes()).hexdigest(),
        }
        for name in ("b", "a")  # in order of time
    ]


def test_what_is_long_is_beside_the_examples(tmp_path: Path) -> None:
    count, rows = LISTED_FILES + 1, NORTH.minutes.size // (LISTED_FILES + 1) + 1
    (tmp_path / "raw").mkdir()
    for number in range(count):
        own = slice(number * rows, (number + 1) * rows)
        write_iso(
            tmp_path / f"raw/{number:03}",
            replace(NORTH, minutes=NORTH.minutes[own], values=NORTH.values[:, own]),
        )
    made = run(tmp_path / "raw", tmp_path / "examples", data_options())

    summary = summary_of(made)
    assert sum(map(bool, summary.timeline.mean)) == len(summary.timeline.periods) > 1
    extent = json.loads(made.get_string_custom_property(DATA_SUMMARY_PROPERTY))
    assert extent == {name: getattr(summary, name) for name in DataExtent.model_fields}
    text = made.get_string_custom_property(DATA_FILES_PROPERTY)
    content = (tmp_path / "examples" / DATA_FILES_FILE).read_bytes()
    recorded = FileList.model_validate_json(text)
    assert recorded == FileList(count=count, sha256=hashlib.sha256(content).hexdigest())
    assert [file["path"] for file in json.loads(content)] == [
        str(tmp_path / f"raw/{number:03}") for number in range(count)
    ]
    assert sum(
        len(value.string_value) for value in made.mlmd_artifact.custom_properties.values()
    ) < (16 * 1024)


def test_every_window_is_one_meters_own_minutes(artifact: standard_artifacts.Examples) -> None:
    seen: dict[str, set[tuple[str, int]]] = {split: set() for split in SPLITS}
    for split, example in examples_of(artifact):
        series = {b"north": NORTH, b"south": SOUTH}[example["meter"][0]]
        row_of = {minute: row for row, minute in enumerate(series.minutes.tolist())}
        first = int(example["first_origin"][0]) // 60
        for origin in np.flatnonzero(example["weight"]).tolist():
            reach = slice(origin, origin + WINDOWING.window + WINDOWING.horizon)
            minutes = range(
                first + origin - WINDOWING.window + 1, first + origin + WINDOWING.horizon + 1
            )
            rows = [row_of.get(minute) for minute in minutes]
            expected = [series.values[:, row] if row is not None else [np.nan] * 7 for row in rows]
            found = np.stack([example[name][reach] for name in MEASUREMENTS], axis=1)
            np.testing.assert_array_equal(found, np.array(expected, np.float32))
            seen[split].add((series.meter, first + origin))

        yesterday = [row_of.get(first + 1 + j - 1440) for j in range(WINDOWING.labels)]
        expected = [series.values[0, row] if row is not None else np.nan for row in yesterday]
        np.testing.assert_array_equal(
            example["same_time_yesterday"], np.array(expected, np.float32)
        )
        assert np.isnan(example["same_time_last_week"]).all()

    windows = {name: split.windows for name, split in summary_of(artifact).splits.items()}
    assert {split: len(origins) for split, origins in seen.items()} == windows
    assert min(windows.values()) > 0


def test_examples_hold_their_hour_and_weekday(artifact: standard_artifacts.Examples) -> None:
    for _, example in examples_of(artifact):
        seconds = int(example["first_origin"][0])
        when = datetime.fromtimestamp(seconds, UTC)
        assert seconds % 3600 == 0
        assert (when.hour, when.weekday()) == (example["hour"][0], example["weekday"][0])


def test_shards_follow_each_other_in_time(artifact: standard_artifacts.Examples) -> None:
    last = 0
    for split in SPLITS:
        found = shards(Path(artifact.uri), split)
        assert sum(map(len, found)) == summary_of(artifact).splits[split].examples
        for shard in filter(None, found):
            times = [int(example["first_origin"][0]) for example in shard]
            assert min(times) >= last
            last = max(times)


def test_the_artifact_has_a_summary_of_what_it_holds(artifact: standard_artifacts.Examples) -> None:
    summary = summary_of(artifact)

    assert decode_split_names(artifact.split_names) == list(SPLITS)
    assert examples_utils.get_payload_format(artifact) == example_gen_pb2.FORMAT_TF_EXAMPLE
    assert examples_utils.get_file_format(artifact) == "tfrecords_gzip"
    assert (summary.files, summary.meters) == (2, 2)
    assert summary.rows == NORTH.minutes.size + SOUTH.minutes.size
    assert summary.missing_steps == 40 + 5


@pytest.mark.parametrize("workers", [2, 5])
def test_several_workers_write_the_same(
    workers: int, folder: Path, artifact: standard_artifacts.Examples, tmp_path: Path
) -> None:
    files = [str(folder / name) for name in "ab"]
    inspection = inspect(files, data_options())
    folders = {split: str(tmp_path / f"Split-{split}") for split in SPLITS}
    parts = _divide(inspection, workers)

    for chosen in reversed(parts):
        WriteShards(inspection, data_options(), folders).process(chosen)

    assert len(parts) == workers
    for split in SPLITS:
        for found, expected in zip(
            shards(tmp_path, split), shards(Path(artifact.uri), split), strict=True
        ):
            assert len(found) == len(expected)
            for one, other in zip(found, expected, strict=True):
                for name, value in other.items():
                    np.testing.assert_array_equal(one[name], value)


def test_as_many_write_as_the_component_is_told(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    parts = []
    monkeypatch.setattr(WriteShards, "process", lambda self, chosen: parts.append(chosen))

    run(folder, tmp_path, data_options(), writers=3)

    assert len(parts) == 3


def test_the_same_data_give_the_same_files(
    folder: Path, artifact: standard_artifacts.Examples, tmp_path: Path
) -> None:
    run(folder, tmp_path, data_options(), writers=3)

    assert contents(tmp_path) == contents(Path(artifact.uri))


def contents(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*.gz")}


def test_bad_data_stops_before_anything_is_written(tmp_path: Path) -> None:
    raw, output = tmp_path / "raw", tmp_path / "out"
    raw.mkdir()
    output.mkdir()
    path = write_iso(raw / "house.csv", household(3000))
    path.write_text(path.read_text().replace("2007-01-03", "2007-13-03", 1))

    with pytest.raises(DataError, match="line 2882, column date_time"):
        run(raw, output, data_options())

    assert list(output.iterdir()) == []


def test_accepted_bad_rows_are_logged_and_recorded(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "raw").mkdir()
    path = write_iso(tmp_path / "raw" / "house.csv", household(2000))
    path.write_text(path.read_text().replace("2007-01-02", "2007-13-02", 1))

    with caplog.at_level("WARNING", "tfx_pipeline.data"):
        artifact = run(tmp_path / "raw", tmp_path / "out", data_options(max_bad_rows=1))

    assert summary_of(artifact).bad_rows == {"timestamp": 1}
    assert "house.csv, line 1442" in caplog.text


def test_an_interrupted_run_leaves_no_shard(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def killed(self: object, batch: object) -> list[bytes]:
        raise KeyboardInterrupt

    monkeypatch.setattr("tfx_pipeline.components.example_gen.encoder.Encoder.encode", killed)
    inspection = inspect([str(folder / name) for name in "ab"], data_options())
    folders = {split: str(tmp_path / f"Split-{split}") for split in SPLITS}

    with pytest.raises(KeyboardInterrupt):
        WriteShards(inspection, data_options(), folders).process(_divide(inspection, 1)[0])

    assert {path.suffix for path in tmp_path.glob("Split-*/*")} == {".part"}


def test_no_matching_file_is_reported(folder: Path, tmp_path: Path) -> None:
    with pytest.raises(DataError, match="no file matches"):
        run(folder, tmp_path, data_options(), pattern="*.parquet")


def test_half_hours_of_two_houses_in_a_zone(tmp_path: Path) -> None:
    (tmp_path / "raw").mkdir()
    energy = write_houses(tmp_path / "raw" / "houses.csv")
    shape = Windowing(window=48, horizon=6, origins=31)
    options = data_options(
        series=SeriesSpec.model_validate(DESCRIPTION), windowing=shape, max_gap=3
    )

    artifact = run(tmp_path / "raw", tmp_path / "out", options)

    start = START // 1800
    seen = set()
    for split in SPLITS:
        for path in sorted((Path(artifact.uri) / f"Split-{split}").iterdir()):
            for record in tf.data.TFRecordDataset(str(path), "GZIP").as_numpy_iterator():
                feature = tf.train.Example.FromString(record).features.feature
                meter = feature["meter"].bytes_list.value[0].decode()
                assert (
                    feature["group"].bytes_list.value[0].decode()
                    == {"a": "night", "b": "flat"}[meter]
                )
                instant = feature["first_origin"].int64_list.value[0]
                step = instant // 1800
                assert step % 31 == 0
                local = datetime.fromtimestamp(instant, ZONE)
                assert feature["hour"].int64_list.value[0] == local.hour
                assert feature["weekday"].int64_list.value[0] == local.weekday()
                assert feature["weekend"].int64_list.value[0] == (local.weekday() >= 5)
                values = np.array(feature["energy"].float_list.value)
                index = step - start - 47 + np.arange(shape.length)
                known = ~np.isnan(values)
                np.testing.assert_allclose(values[known], energy[meter][index[known]], atol=5e-4)
                week = np.array(feature["same_time_last_week"].float_list.value)
                for label in np.flatnonzero(~np.isnan(week))[::7].tolist():
                    when = datetime.fromtimestamp(1800 * (step + 1 + label), ZONE)
                    before = int((when - timedelta(days=7)).timestamp()) // 1800 - start
                    assert abs(week[label] - energy[meter][before]) < 5e-4
                    seen.add((meter, step + label - before - start))
    # Seven days before, by a clock that was put forward between: an hour less.
    assert {distance for _, distance in seen} == {335, 333}
    summary = summary_of(artifact)
    assert (summary.meters, summary.step_seconds, summary.first) == (2, 1800, "2024-03-10 01:00")
