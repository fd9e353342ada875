"""The settings of the data gate: what is refused."""

import pytest
from pydantic import ValidationError

from tests.support.settings import defaults
from tfx_pipeline.components.data_gate.settings import ValidationSettings


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"severity": {"FOO": "error"}}, "no anomaly type of TFDV"),
        ({"severity": {"SCHEMA_NEW_COLUM": "error"}}, "did you mean SCHEMA_NEW_COLUMN"),
        ({"severity": {"SCHEMA_NEW_COLUMN": "fatal"}}, "'error', 'warning' or 'ignore'"),
        ({"missing_fraction_warning": 0.3}, "above max_missing_fraction"),
        ({"physics_fraction_warning": 0.06}, "above max_physics_fraction"),
        ({"max_physics_fraction": 1.1}, "max_physics_fraction"),
    ],
)
def test_what_cannot_be_is_refused(changes, message):
    with pytest.raises(ValidationError, match=message):
        ValidationSettings.model_validate(defaults().validation.model_dump() | changes)


def test_a_warning_may_start_where_the_limit_is():
    limits = {"missing_fraction_warning": 0.2, "max_missing_fraction": 0.2}
    ValidationSettings.model_validate(defaults().validation.model_dump() | limits)
