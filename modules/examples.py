"""Reads segments from the example files, transforms them and cuts their windows, in a stream."""

import functools
from collections.abc import Sequence

import numpy as np
import tensorflow as tf
import tensorflow_transform as tft
from tensorflow_metadata.proto.v0 import schema_pb2

from modules import sampling, windowing
from modules.config import TrainerConfig
from modules.distribution import Histogram
from modules.families import load_family
from modules.features import Origins, origins_of
from tfx_pipeline.data.contract import FIRST_ORIGIN, METER, WEIGHT
from tfx_pipeline.scoring import SEASONS
from tfx_pipeline.series.spec import SeriesSpec

# Files are one time interval each: reading them in turn mixes the seasons.
OPEN_FILES = 16
# Segments in memory to draw from; about 6 kB each by default.
SHUFFLED = 2048
# Forecasts that are made at a time, so that memory does not grow with segments or requests.
AT_ONCE = 960


class Examples:
    """The example files of a run, as the networks see them.

    Args:
        transform_output: Folder of the Transform component's graph.
        config: Windowing, family and batches of the training.

    Attributes:
        domains: Lowest and highest plausible value of each measurement.
        histogram: The bins of the forecast, which the training split taught.
        meters: How many the training split holds.
    """

    def __init__(self, transform_output: str, config: TrainerConfig) -> None:
        graph = tft.TFTransformOutput(transform_output)
        self.config = config
        known = graph.raw_feature_spec()
        # What is for naive forecasts is nothing for a model.
        used = {*config.series.names, FIRST_ORIGIN, METER, WEIGHT}
        self.spec = {name: feature for name, feature in known.items() if name in used}
        self._seasons = {name: known[name] for name in SEASONS}
        self.transform = graph.transform_features_layer()
        self.domains = domains(graph.raw_metadata.schema, config.series)
        constants = self.transform(self._nothing())
        self.histogram = Histogram(float(constants["spread"][0]), float(constants["reach"][0]))
        self.meters = int(constants["meter_count"][0, 0])
        # A search makes many data sets; each would trace these anew, for a second.
        self._origins = tf.function(self.origins, autograph=False)
        self._earlier = tf.function(self._season_before, autograph=False)
        self._chances = tf.function(self._chances_of, autograph=False)
        self._count = functools.cache(self._count_windows)

    @property
    def domain(self) -> tuple[float, float]:
        """Lowest and highest plausible value of the target."""
        return self.domains[self.config.series.target.name]

    def _nothing(self) -> dict[str, tf.Tensor]:
        """A raw segment in which nothing was observed."""
        shape = self.config.windowing
        nothing = tf.fill([1, shape.length], float("nan"))
        return dict.fromkeys(self.config.series.names, nothing) | {
            FIRST_ORIGIN: tf.zeros([1, 1], tf.int64),
            METER: tf.constant([[""]]),
            WEIGHT: tf.zeros([1, shape.origins]),
        }

    @property
    def segments_at_once(self) -> int:
        """Segments from whose origins forecasts are made at a time."""
        return max(1, AT_ONCE // self.config.windowing.origins)

    def origins(self, examples: tf.Tensor, phase: tf.Tensor | int = 0, stride: int = 1) -> Origins:
        """The windows of serialized segments, string [batch]."""
        raw = tf.io.parse_example(examples, self.spec)
        return self.origins_of_raw(raw, phase, stride)

    # AutoGraph would take seconds to rewrite code that has no Python control flow over tensors.
    @tf.autograph.experimental.do_not_convert
    def origins_of_raw(
        self, raw: dict[str, tf.Tensor], phase: tf.Tensor | int = 0, stride: int = 1
    ) -> Origins:
        """The windows of raw segments (see `tfx_pipeline.data.contract`)."""
        sequence = load_family(self.config.model.family).sequence
        config = self.config
        return origins_of(
            self._transformed(raw), config.series, config.windowing, sequence, phase, stride
        )

    def _transformed(self, raw: dict[str, tf.Tensor]) -> dict[str, tf.Tensor]:
        """Raw segments by Transform's graph.

        What lies outside the domain of the curated schema counts as not observed, NaN: the data
        gate keeps it out of training, a request may hold it.
        """
        values = tf.stack([raw[name] for name in self.domains], axis=1)
        low, high = np.array(list(self.domains.values()), np.float32).T[..., None]
        values = tf.where((values >= low) & (values <= high), values, float("nan"))
        plausible = zip(self.domains, tf.unstack(values, axis=1), strict=True)
        return self.transform(raw | dict(plausible))

    def count_windows(self, patterns: Sequence[str], enough: int) -> int:
        """Origins in the files, scored or not; of more than enough, those of enough segments.

        The files are read once, and no further than that.
        """
        return self._count(tuple(patterns), enough)

    def _count_windows(self, patterns: Sequence[str], enough: int) -> int:
        origins = self.config.windowing.origins
        segments = serialized(patterns).take(-(-enough // origins))
        return origins * int(segments.reduce(np.int64(0), lambda count, _: count + 1))

    def training(self, splits: Sequence[Sequence[str]]) -> tf.data.Dataset:
        """Endless, shuffled, repeatable batches of inputs, deltas from the base, and weights.

        Deltas are in scales, NaN where there is no label to learn from. Weights are 1 in the mean
        of a batch.

        Args:
            splits: Patterns of the files of each; a batch holds of each what its size asks for.
        """
        config = self.config
        stride, windows = config.stride, config.windowing.count(config.stride)
        starts = config.windowing.phases(stride)
        segments = tf.data.Dataset.sample_from_datasets(
            [
                serialized(patterns).shuffle(SHUFFLED // len(splits), seed=config.seed).repeat()
                for patterns in splits
            ],
            [float(size) for size in map(size_of_files, splits)],
            seed=config.seed,
        )
        batches = self._drawn(segments).batch(config.segments, drop_remainder=True)

        def windowed(
            drawn: tuple[tf.Tensor, tf.Tensor], random: tf.Tensor
        ) -> tuple[dict[str, tf.Tensor], tf.Tensor, tf.Tensor]:
            examples, weights = drawn
            origins = self._origins(examples, random % starts, stride)
            labels = tf.where(origins.scored[:, None], origins.labels, float("nan"))
            deltas = (labels - origins.base) / origins.scale[:, None]
            return origins.inputs, deltas, tf.repeat(weights / tf.reduce_mean(weights), windows)

        phases = tf.data.Dataset.random(seed=config.seed)
        return tf.data.Dataset.zip(batches, phases).map(windowed, num_parallel_calls=2).prefetch(4)

    def _drawn(self, segments: tf.data.Dataset) -> tf.data.Dataset:
        """Some of the serialized segments, each with its weight (see `modules.sampling`)."""
        seed, least = self.config.seed, self.config.model.least_sampled
        if least == 1.0:
            return segments.map(lambda example: (example, 1.0))
        together = tf.data.Dataset.zip(
            segments.batch(self.config.segments), tf.data.Dataset.random(seed=seed + 1)
        )
        return together.map(
            lambda examples, random: sampling.draw(
                examples, self._chances(examples), (seed, random)
            ),
            num_parallel_calls=2,
        ).unbatch()

    def _chances_of(self, examples: tf.Tensor) -> tf.Tensor:
        """The chance of each serialized segment to be trained on."""
        config = self.config
        found = self._transformed(tf.io.parse_example(examples, self.spec))
        first = config.windowing.window - 1
        return sampling.chances(
            found["level"][:, first:],
            tf.cast(tf.math.is_finite(found["target"][:, first:]), tf.float32),
            config.windowing.horizon,
            config.model.least_sampled,
        )

    def evaluation(self, patterns: Sequence[str], longest_stride: int = 1) -> tf.data.Dataset:
        """Some origins of all segments, in order; every one where those have no label.

        Args:
            patterns: Of the example files.
            longest_stride: The step between origins, or all those of a shorter segment.

        Returns:
            Batches of origins, and of the target one season before each of their labels, [N,
            horizon] by season: what naive forecasts expect.
        """
        stride = min(longest_stride, self.config.windowing.origins)
        batches = serialized(patterns).batch(self.segments_at_once)

        def every(stride: int) -> tf.data.Dataset:
            return batches.map(
                lambda examples: (
                    self._origins(examples, 0, stride),
                    self._earlier(examples, stride),
                ),
                num_parallel_calls=2,
            ).prefetch(2)

        some = every(stride)
        return some if stride == 1 or any(_has_label(found) for found, _ in some) else every(1)

    def _season_before(self, examples: tf.Tensor, stride: int) -> dict[str, tf.Tensor]:
        """The target one season before each label, [N, horizon] by season."""
        shape = self.config.windowing
        # Of the first value beside labels, that of origin 0, the label is one step ahead.
        before = windowing.origin_indices(shape, 0, stride) - shape.window
        return {
            name: tf.reshape(windowing.labels(values, before, shape.horizon), [-1, shape.horizon])
            for name, values in tf.io.parse_example(examples, self._seasons).items()
        }


def _has_label(origins: Origins) -> bool:
    return bool(tf.reduce_any(origins.scored[:, None] & tf.math.is_finite(origins.labels)))


def domains(schema: schema_pb2.Schema, series: SeriesSpec) -> dict[str, tuple[float, float]]:
    """Lowest and highest plausible value of each measurement, by the schema or the description."""
    found = {feature.name: feature.float_domain for feature in schema.feature}

    def bound(own: bool, plausible: float, possible: float | None, unbounded: float) -> float:
        if own:
            return plausible
        return unbounded if possible is None else possible

    return {
        one.name: (
            bound(found[one.name].HasField("min"), found[one.name].min, one.lowest, tf.float32.min),
            bound(
                found[one.name].HasField("max"), found[one.name].max, one.highest, tf.float32.max
            ),
        )
        for one in series.measurements
    }


def serialized(patterns: Sequence[str]) -> tf.data.Dataset:
    """Serialized examples, taking turns between the files.

    Args:
        patterns: Of gzipped TFRecord files.
    """
    files = tf.data.Dataset.from_tensor_slices(matching_files(patterns))
    examples = files.interleave(
        lambda name: tf.data.TFRecordDataset(name, compression_type="GZIP"),
        cycle_length=OPEN_FILES,
    )
    # The thread that tunes a data set sleeps twice as long each time, and often does not hear that
    # the data set is done with: a fit waited up to 20 s for it.
    options = tf.data.Options()
    options.autotune.enabled = False
    # Rewriting the data set takes a quarter of a second and makes it no faster.
    options.experimental_optimization.apply_default_optimizations = False
    return examples.with_options(options)


def size_of_files(patterns: Sequence[str]) -> int:
    """Bytes of the files that match any of the patterns."""
    return sum(tf.io.gfile.stat(name).length for name in matching_files(patterns))


def matching_files(patterns: Sequence[str]) -> list[str]:
    """Names of the files that match any of the patterns, sorted.

    Raises:
        FileNotFoundError: None does.
    """
    files = sorted(name for pattern in patterns for name in tf.io.gfile.glob(pattern))
    if not files:
        raise FileNotFoundError(f"no example files at {', '.join(patterns)}; did ExampleGen run?")
    return files
