"""What is shown of a store's URI."""

import pytest

from tfx_pipeline.tracking.job import without_login


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("http://me:word@host:5000/x: no", "http://host:5000/x: no"),  # pragma: allowlist secret
        ("https://token@host", "https://host"),
        ("at http://host/a@b", "at http://host/a@b"),
        ("sqlite:///outputs/mlflow.sqlite", "sqlite:///outputs/mlflow.sqlite"),
    ],
)
def test_no_login_is_shown(text, shown):
    assert without_login(text) == shown
