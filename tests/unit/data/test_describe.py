"""What is read with a found description is what is true of the file."""

import numpy as np
import pytest

from tests.support.own_files import FILES
from tfx_pipeline.data.describe.description import describe
from tfx_pipeline.data.raw.errors import BadRows
from tfx_pipeline.data.raw.reader import Reader
from tfx_pipeline.series.grid import Grid
from tfx_pipeline.series.spec import SeriesSpec


def read(path, spec):
    """Meter -> seconds at which its steps begin, and the target's values where it has them."""
    grid, parts = Grid(spec), {}
    for rows in Reader([str(path)], spec, BadRows()):
        kept = rows.where(np.isfinite(rows.values[0]))
        parts.setdefault(rows.meter, []).append((grid.seconds(kept.steps), kept.values[0]))
    return {
        meter: tuple(np.concatenate(part) for part in zip(*found, strict=True))
        for meter, found in parts.items()
    }


@pytest.mark.parametrize("name", FILES)
def test_the_numbers_read_are_the_true_ones(name, tmp_path):
    made = FILES[name].make(tmp_path)
    found = describe(str(made.path)).values | FILES[name].corrections
    values = read(made.path, SeriesSpec.model_validate(found))
    assert values.keys() == made.truth.keys()
    for meter, (seconds, truth) in made.truth.items():
        assert np.array_equal(values[meter][0], seconds)
        assert values[meter][1] == pytest.approx(truth, rel=1e-5, abs=1e-5)
