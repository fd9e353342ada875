"""household-power versions, as it is called."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from tfx_kubeflow.storage import labels
from tfx_kubeflow.storage.served_versions import versions

from tfx_pipeline import cli

Call = Callable[..., tuple[int, str, str]]


@pytest.fixture
def call(base: str, capsys: pytest.CaptureFixture[str]) -> Call:
    def run(*arguments: str) -> tuple[int, str, str]:
        code = cli.main(["versions", *arguments, "--base", base])
        out, err = capsys.readouterr()
        return code, out, err

    return run


def test_a_version_goes_through_all_labels(call: Call, base: str) -> None:
    assert call("promote", "1")[0] == 0
    code, out, _ = call("canary", "2", "--percent", "20")
    assert code == 0
    assert "version 2 is the canary, for 20 % of the requests" in out
    assert "version 3 was stable before: a rollback goes there" in out
    assert "version 2 is stable since" in call("promote")[1]
    assert "version 1 is stable since" in call("rollback")[1]
    call("canary", "3")
    assert labels.read(base).canary.percent == 10
    assert call("canary", "none")[0] == 0
    assert labels.read(base).canary is None


def test_without_labels_there_is_no_canary_to_end(call: Call) -> None:
    assert call("canary", "none")[1].endswith("the newest version answers all requests\n")


def test_what_cannot_be_done_is_an_error_in_a_line(call: Call, base: str) -> None:
    code, out, err = call("promote", "9")
    assert (code, out) == (1, "")
    assert err == f"error: {base} has no complete version '9', it has 3, 2, 1\n"
    Path(base, "labels.json").write_text("{")
    code, _, err = call("list")
    assert code == 1
    assert "labels.json: Invalid JSON" in err


@pytest.mark.parametrize(
    "arguments", [("canary", "3", "--percent", "51"), ("prune", "--keep", "1"), ("canary",), ()]
)
def test_wrong_usage(arguments: tuple[str, ...], capsys: Any) -> None:
    with pytest.raises(SystemExit) as error:
        cli.main(["versions", *arguments])
    assert error.value.code == 2


def test_the_list_is_json_where_asked(call: Call) -> None:
    found = json.loads(call("list", "--json")[1])
    assert [one["version"] for one in found["versions"]] == ["3", "2", "1"]
    assert found["versions"][0]["labels"] == ["stable"]
    assert "run-3" in call("list")[1]


def test_a_prune_says_what_goes(call: Call, base: str) -> None:
    assert call("prune", "--keep", "2", "--dry-run")[1] == f"{base}: would be removed: 1\n"
    assert call("prune", "--keep", "2")[1] == f"{base}: removed: 1\n"
    assert call("prune")[1] == f"{base}: removed: nothing\n"
    assert versions(base) == ["3", "2"]


def test_unless_given_the_versions_are_where_runs_push_to(
    base: str, capsys: pytest.CaptureFixture[str]
) -> None:
    given = [f"--serving.base={Path(base).parent}", "--name=power"]
    assert cli.main(["versions", "list", "--json", *given]) == 0
    assert json.loads(capsys.readouterr().out)["base"] == base
