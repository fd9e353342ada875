"""Reports of very different runs, as what `render` takes."""

from __future__ import annotations

import math

from tests.support.summary import DATA, evaluation, full_summary, run_summary, step
from tfx_pipeline.evaluation.excerpts import Ahead, Excerpt, Excerpts, Mark
from tfx_pipeline.evaluation.results import Scores, SliceScores
from tfx_pipeline.report.summary import NodeSummary, RunSummary

MINUTES = 1440


def excerpts(meter: str = "") -> Excerpts:
    """Two days of minutes, with a gap in what came and a band around the median."""
    return Excerpts(
        target="power",
        unit="kW",
        step_seconds=60,
        since="2007-02-01 00:00",
        excerpts=(
            _day(meter, 1_171_411_200, Mark(what="the newest", first=1439, last=1439)),
            _day(meter, 1_171_238_400, Mark(what="the worst hour", first=600, last=659)),
        ),
    )


def _day(meter: str, local_seconds: int, mark: Mark) -> Excerpt:
    wave = [1.2 + math.sin(n / 90) + 0.3 * math.sin(n / 7 + local_seconds) for n in range(MINUTES)]
    actual = tuple(None if 700 <= n < 730 else round(one, 3) for n, one in enumerate(wave))
    ahead = tuple(
        Ahead(
            steps=steps,
            p10=tuple(round(one - 0.1 * steps, 3) for one in wave),
            p50=tuple(round(one + 0.02 * steps, 3) for one in wave),
            p90=tuple(round(one + 0.2 * steps, 3) for one in wave),
        )
        for steps in range(1, 6)
    )
    return Excerpt(
        meter=meter,
        first="2007-02-14 00:00",
        local_seconds=local_seconds,
        marks=(mark,),
        actual=actual,
        ahead=ahead,
    )


def failed(node: str, error: str, **values: object) -> RunSummary:
    """The summary of a run that failed at a node."""
    state = {"Trainer": "not run", "Pusher": "not run"} | {node: "failed"}
    nodes = tuple(
        NodeSummary(id=name, state=of, seconds=0.0, peak_rss_bytes=0)  # type: ignore[arg-type]
        for name, of in state.items()
    )
    fields = {"evaluation": None, "serving_check": None, "nodes": nodes, **values}
    return run_summary(state="failed", error=error, **fields)


def many_meters() -> RunSummary:
    """The summary of 200 meters, a day ahead by quarter-hours."""
    scores = evaluation().model_dump(include=set(Scores.model_fields))
    groups = tuple(
        SliceScores(
            **scores,
            slice=f"group meter {number}",
            hours=200.0 + number,
            forecasts=12_000,
            eligible=number % 2 == 0,
        )
        for number in range(200)
    )
    many = evaluation(slices=groups, per_step=tuple(map(step, range(1, 97))))
    return run_summary(evaluation=many, data=DATA.model_copy(update={"meters": 200}))


def tiny() -> RunSummary:
    """The summary of a run on an hour of minutes, one step ahead, with one unscored progress."""
    full = full_summary()
    assert full.data is not None
    assert full.data.timeline is not None
    assert full.evaluation is not None
    assert full.fit is not None
    line = full.fit.progress[0].model_copy(update={"eval_mse": None, "eval_mae": None})
    timeline = full.data.timeline.model_copy(
        update={"periods": ("2007-01-01 00:00",), "mean": (1.0,), "observed_fraction": (1.0,)}
    )
    return full.model_copy(
        update={
            "data": full.data.model_copy(update={"timeline": timeline}),
            "evaluation": full.evaluation.model_copy(
                update={"per_step": full.evaluation.per_step[:1], "slices": ()}
            ),
            "fit": full.fit.model_copy(update={"progress": (line,)}),
            "trials": (),
        }
    )


REJECTED = (
    "the data was rejected, nothing was trained on it:\n"
    "  error: train: Voltage: 285.5 V is above the domain's 280 V [FLOAT_TYPE_BIG_FLOAT]\n"
    "  warning: Global_active_power: 6.000% of the steps, allowed 5.000% [missing steps]\n"
    "fix the data, or review the curated schema and `validation` in the settings"
)

REPORTS = {
    "pushed": (full_summary(), excerpts()),
    "tiny": (tiny(), None),
    "refused": (run_summary(), None),
    "failed": (failed("Trainer", "the disk is full: " + "a-very-long-name/" * 20, data=None), None),
    "stopped": (failed("DataGate", REJECTED), None),
    "many meters": (many_meters(), excerpts(meter="house 17 " * 5)),
}
"""Name -> arguments."""
