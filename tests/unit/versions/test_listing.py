"""What is told of the versions."""

from __future__ import annotations

import io
import shutil
from pathlib import Path

from rich.console import Console
from tfx_kubeflow.storage import promotion

from tests.unit.versions.conftest import FIGURES
from tfx_pipeline.versions.listing import Listing, listing, print_listing


def shown(found: Listing) -> str:
    stream = io.StringIO()
    print_listing(found, Console(file=stream, width=140))
    return stream.getvalue()


def test_every_version_is_told_with_its_label_state_and_origin(base: str) -> None:
    Path(base, "2/variables/data").write_text("cut")
    Path(base, ".3.json").write_text("cut")
    Path(base, "4").mkdir()
    promotion.promote(base, "1")
    promotion.canary(base, "3", 20)
    found = listing(base)
    assert found.labelled
    assert [(one.version, one.labels, one.percent, one.state) for one in found.versions] == [
        ("4", (), None, "half-written"),
        ("3", ("canary", "previous"), 20, "whole"),
        ("2", (), None, "damaged"),
        ("1", ("stable",), None, "whole"),
    ]
    stable = found.versions[-1]
    assert stable.push
    assert stable.digest == stable.push.digest
    assert (stable.push.run, stable.push.figures, stable.push.pushed_at) == ("run-1", FIGURES, 1)
    assert stable.size == len("graph 1") + 1
    assert found.versions[1].push is None, "a record that cannot be read decides nothing"
    text = shown(found)
    assert all(
        word in text for word in ("canary 20 %, previous", "power/run-1", "0.674", "blessed")
    )


def test_without_labels_the_newest_serves(base: str) -> None:
    found = listing(base)
    assert [(one.version, one.labels) for one in found.versions] == [
        ("3", ("stable",)),
        ("2", ()),
        ("1", ()),
    ]
    assert "no labels: the newest serves" in shown(found)


def test_a_version_that_a_label_names_and_nobody_has_is_missing(base: str) -> None:
    promotion.promote(base, "3")
    shutil.rmtree(Path(base, "3"))
    [missing, *_] = listing(base).versions
    assert (missing.version, missing.labels, missing.state) == ("3", ("stable",), "missing")


def test_of_another_tools_version_no_digest_is_known(base: str) -> None:
    shutil.copytree(Path(base, "1"), Path(base, "9"))
    [newest, *_] = listing(base).versions
    assert (newest.version, newest.state, newest.digest, newest.push) == ("9", "whole", None, None)


def test_nothing_is_there(tmp_path: Path) -> None:
    assert "no version is there" in shown(listing(str(tmp_path / "nowhere")))
