"""Promotion, canary, rollback and prune, in folders and object stores, whoever is killed."""

from __future__ import annotations

import multiprocessing
import os
import shutil
import signal
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule
from kubeflow_cases.buckets import put_raw
from kubeflow_cases.saved_models import saved_model
from tfx_kubeflow.errors import StepError
from tfx_kubeflow.metadata.baseline import served_baseline
from tfx_kubeflow.storage import labels, promotion, served_versions
from tfx_kubeflow.storage.served_versions import is_damaged, publish, serving, versions


def now():
    return 1000.0


def push(folder, base, number):
    """A model that no other version is of; returns its version, which is the number."""
    return publish(
        saved_model(folder / str(number), f"graph {number}"), base, lambda: number
    ).version


def damage(base, version):
    if "://" in base:
        put_raw(
            os.environ.get("AWS_ENDPOINT_URL") or os.environ["MINIO_ENDPOINT"], *_key(base, version)
        )
    else:
        Path(base, version, "variables/data").write_text("cut")


def _key(base, version):
    scheme, rest = base.split("://")
    bucket, prefix = rest.split("/", 1)
    return f"{scheme}://{bucket}", f"{prefix}/{version}/variables/data"


def state(base):
    found = labels.read(base)
    return tuple(one and one.version for one in (found.stable, found.canary, found.previous))


@pytest.fixture
def bases(bucket, tmp_path):
    """A folder and a prefix in a bucket, each with the versions 1, 2 and 3."""
    found = [str(tmp_path / "serving/power"), f"{bucket}/power"]
    for base in found:
        for number in (1, 2, 3):
            push(tmp_path, base, number)
    return found


@pytest.fixture
def base(tmp_path):
    """A folder with the versions 1, 2 and 3."""
    found = str(tmp_path / "serving/power")
    for number in (1, 2, 3):
        push(tmp_path, found, number)
    return found


def test_a_version_becomes_the_canary_stable_and_previous_and_stays_so(bases, tmp_path):
    for base in bases:
        promotion.promote(base, "1", now)
        assert (serving(base), state(base)) == ("1", ("1", None, "3"))
        promotion.canary(base, "2", 10, now)
        assert (serving(base), state(base)) == ("1", ("1", "2", "3"))
        push(tmp_path, base, 4)
        assert state(base) == ("1", "2", "3"), "a push moves nothing"
        promotion.promote(base, None, now)
        assert (serving(base), state(base)) == ("2", ("2", None, "1"))
        promotion.rollback(base, now)
        assert (serving(base), state(base)) == ("1", ("1", None, None))
        verbs = [(event.verb, event.version, event.label) for event in labels.read(base).history]
        assert verbs == [
            ("promote", "1", "stable"),
            ("canary", "2", "canary"),
            ("promote", "2", "stable"),
            ("rollback", "1", "stable"),
        ]
        assert served_versions.published_digests(base, "1") == {labels.read(base).stable.digest}


def test_given_twice_a_verb_changes_nothing(base):
    for verb in (
        lambda: promotion.promote(base, "1"),
        lambda: promotion.canary(base, "2", 10),
        lambda: promotion.promote(base, "2"),
        lambda: promotion.rollback(base),
        lambda: promotion.end_canary(base),
    ):
        once = verb()
        written = Path(base, "labels.json").stat().st_mtime_ns
        assert verb() == once
        assert Path(base, "labels.json").stat().st_mtime_ns == written


def test_without_labels_the_newest_serves_until_a_verb_says_otherwise(base):
    assert (serving(base), labels.read(base)) == ("3", None)
    assert promotion.end_canary(base) is None
    promotion.promote(base, "3")
    assert state(base) == ("3", None, None), "it is pinned"


def test_without_labels_a_rollback_goes_to_the_whole_version_before(base):
    damage(base, "2")
    promotion.rollback(base)
    assert (serving(base), state(base)) == ("1", ("1", None, None))


def test_a_rollback_sticks_when_the_same_model_is_made_again(bases, tmp_path):
    for base in bases:
        promotion.rollback(base)
        again = publish(tmp_path / "3", base, lambda: 9)
        assert (again.version, again.new, again.stable) == ("3", False, "2")
        assert versions(base) == ["3", "2", "1"]
        assert serving(base) == "2"


def test_a_rollback_ends_the_canary_and_goes_one_step(base):
    promotion.promote(base, "2")
    promotion.promote(base, "1")
    promotion.canary(base, "3", 10)
    promotion.rollback(base)
    assert state(base) == ("2", None, None)
    promotion.rollback(base)
    assert state(base) == ("2", None, None), "no further without a name"
    promotion.canary(base, "3", 10)
    promotion.rollback(base)
    assert state(base) == ("2", None, None)
    promotion.promote(base, "1")
    promotion.promote(base, "2")
    promotion.promote(base, "3")
    promotion.rollback(base)
    assert state(base) == ("2", None, None)


def test_a_rollback_with_nowhere_to_go_names_what_there_is(base):
    promotion.promote(base, "2")
    promotion.rollback(base)
    promotion.canary(base, "1", 10)
    promotion.end_canary(base)
    with pytest.raises(StepError, match="before 3; promote one of 2, 1"):
        promotion.rollback(base)


def test_another_percent_and_another_canary(base):
    promotion.promote(base, "1")
    first = promotion.canary(base, "2", 10, lambda: 5)
    more = promotion.canary(base, "2", 20, lambda: 6)
    assert (more.canary.percent, more.canary.since) == (20, first.canary.since)
    other = promotion.canary(base, "3", 20, lambda: 7)
    assert (other.canary.version, other.canary.since) == ("3", 7)
    promotion.promote(base, "2")
    assert state(base) == ("2", "3", "1"), "it was not the canary that was promoted"
    assert promotion.end_canary(base).canary is None


def test_what_cannot_serve_is_refused_in_words(base, tmp_path):
    promotion.promote(base, "3")
    damage(base, "2")
    Path(base, "7").mkdir()
    for verb in (lambda v: promotion.promote(base, v), lambda v: promotion.canary(base, v, 10)):
        with pytest.raises(
            StepError, match=r"version 2 is damaged: its files are not .* repair it"
        ):
            verb("2")
        for version in ("7", "8", "x"):
            with pytest.raises(StepError, match=f"no complete version '{version}', it has 3, 2, 1"):
                verb(version)
    with pytest.raises(StepError, match="version 3 is stable; promote another"):
        promotion.canary(base, "3", 10)
    with pytest.raises(StepError, match="no version is the canary, so name the one to promote"):
        promotion.promote(base)
    with pytest.raises(StepError, match="no version is there; push a model first"):
        promotion.promote(str(tmp_path / "nowhere"), "1")
    assert state(base) == ("3", None, None)


def test_a_canary_of_what_serves_without_labels_is_refused(base):
    with pytest.raises(StepError, match="version 3 is stable"):
        promotion.canary(base, "3", 10)
    assert labels.read(base) is None


def test_a_stable_version_that_was_removed_by_hand_is_promoted_again_once_it_is_there(base):
    promotion.promote(base, "3")
    aside = Path(base).parent / "aside"
    Path(base, "3").rename(aside)
    assert serving(base) is None
    promotion.rollback(base) if labels.read(base).previous else promotion.promote(base, "2")
    aside.rename(Path(base, "3"))
    promotion.promote(base, "3")
    assert state(base) == ("3", None, "2")


def test_a_version_of_another_tool_is_whole_as_it_was_when_it_got_its_label(base, tmp_path):
    shutil.copytree(tmp_path / "1", Path(base, "7"))
    promotion.promote(base, "7")
    assert not is_damaged(base, "7")
    Path(base, "7/variables/data").write_text("cut")
    assert is_damaged(base, "7")


def test_a_version_that_is_a_link_is_one_like_any_other(base, tmp_path):
    Path(base, "2").rename(tmp_path / "elsewhere")
    Path(base, "2").symlink_to(tmp_path / "elsewhere")
    promotion.promote(base, "2")
    assert serving(base) == "2"
    promotion.promote(base, "3")
    promotion.promote(base, "1")
    assert promotion.prune(base, 2) == []
    served_versions.remove(base, "2")
    assert (tmp_path / "elsewhere/saved_model.pb").exists(), "what it leads to is not ours"


def test_a_clock_that_goes_back_mixes_nothing_up(base):
    promotion.promote(base, "1", lambda: 2_000_000_000)
    promotion.promote(base, "2", lambda: 1_000_000_000)
    found = labels.read(base)
    assert (found.stable.since, found.previous.since) == (1_000_000_000, 2_000_000_000)
    promotion.rollback(base, lambda: 5)
    assert state(base) == ("1", None, None)


# Prune


def test_a_prune_leaves_the_newest_and_what_has_a_label(bases, tmp_path):
    for base in bases:
        for number in (4, 5, 6, 7):
            push(tmp_path, base, number)
        promotion.promote(base, "2")
        promotion.promote(base, "1")
        assert promotion.prune(base, 3, dry_run=True) == ["4", "3"]
        assert versions(base) == list("7654321")
        assert promotion.prune(base, 3) == ["4", "3"]
        assert versions(base) == list("76521")
        assert promotion.prune(base, 3) == []
        kept = served_versions.published_digests(base, "4")
        assert kept, "the number stays taken"
        with pytest.raises(StepError, match="no complete version '4'"):
            promotion.promote(base, "4")


def test_a_prune_leaves_two_that_can_be_loaded(base, tmp_path):
    for number in (4, 5, 6):
        push(tmp_path, base, number)
    for version in "6543":
        damage(base, version)
    assert promotion.prune(base, 2) == ["4", "3"]
    assert [one for one in versions(base) if not is_damaged(base, one)] == ["2", "1"]


def test_a_prune_leaves_a_push_that_is_under_way(bases, tmp_path, endpoint):
    for base in bases:
        if "://" in base:
            bucket, key = _key(base, "4")
            put_raw(endpoint, bucket, key)
            bucket, key = _key(base, "0")
            put_raw(endpoint, bucket, key)
        else:
            Path(base, "4").mkdir()
            Path(base, "0").mkdir()
            Path(base, ".pushing-x").mkdir()
        push(tmp_path, base, 5)
        assert promotion.prune(base, 2) == ["2", "1", "0"], "half a version that is old goes"
        assert list(served_versions.numbered(base)) == [5, 4, 3]


def test_what_a_killed_prune_announced_is_not_promoted_and_goes_with_the_next(base, monkeypatch):
    promotion.promote(base, "3")
    with monkeypatch.context() as patch:
        patch.setattr(served_versions, "remove", _killed)
        with pytest.raises(KeyboardInterrupt):
            promotion.prune(base, 2)
    assert versions(base) == ["3", "2", "1"]
    with pytest.raises(StepError, match="version 1 is being removed by a prune"):
        promotion.promote(base, "1")
    assert promotion.prune(base, 2) == ["1"]
    assert [event.verb for event in labels.read(base).history] == ["promote", "prune"]


def _killed(*_):
    raise KeyboardInterrupt


def test_what_has_a_label_is_not_removed(base):
    promotion.promote(base, "1")
    promotion.canary(base, "2", 10)
    for version, name in (("1", "stable"), ("2", "canary"), ("3", "previous")):
        with pytest.raises(StepError, match=f"version {version} is {name}, so it stays"):
            served_versions.remove(base, version)


# Several at once, and killed ones


def test_promotions_at_once_each_leave_their_mark(bases, tmp_path):
    for base in bases:
        with ThreadPoolExecutor(4) as pool:
            list(pool.map(lambda one: promotion.promote(*one), [(base, v) for v in "123123"]))
        found = labels.read(base)
        changes = [event.version for event in found.history]
        assert changes[-1] == found.stable.version
        assert set(changes) == {"1", "2", "3"}
        assert all(a != b for a, b in pairwise(changes))


def _promote_and_die(base, step):
    replace, fsync = os.replace, os.fsync

    def die(*_):
        os.kill(os.getpid(), signal.SIGKILL)

    def replace_and_die(*names):
        replace(*names)
        die()

    if step == "written":
        os.fsync = lambda descriptor: (fsync(descriptor), die())
    elif step == "before":
        os.replace = die
    else:
        os.replace = replace_and_die
    promotion.promote(base, "2")


@pytest.mark.parametrize("step", ["written", "before", "after"])
def test_a_killed_promotion_has_happened_or_not_and_the_next_one_goes_on(base, step):
    promotion.promote(base, "1")
    process = multiprocessing.get_context("fork").Process(
        target=_promote_and_die, args=(base, step)
    )
    process.start()
    process.join(30)
    assert process.exitcode == -signal.SIGKILL
    assert state(base) == (("2", None, "1") if step == "after" else ("1", None, "3"))
    assert serving(base) == state(base)[0]
    promotion.promote(base, "2")
    assert state(base) == ("2", None, "1")
    assert not list(Path(base).glob(".pushing-*")), "what it left is gone"


class Histories(RuleBasedStateMachine):
    """Pushes, verbs, damage and kills in any order, in a folder."""

    folder: Path  # of the test

    @initialize()
    def start(self):
        shutil.rmtree(self.folder, ignore_errors=True)
        self.base = str(self.folder / "serving")
        self.clock = iter(range(100, 10_000))
        self.damaged: set[str] = set()
        self.before = None
        self.push(0)

    def _tick(self):
        return float(next(self.clock))

    def _pick(self, number):
        there = versions(self.base)
        return there[number % len(there)]

    def _loadable(self):
        return [one for one in versions(self.base) if one not in self.damaged]

    @rule(content=st.integers(0, 3))
    def push(self, content):
        before = labels.read(self.base)
        source = saved_model(self.folder / f"model {content}", f"graph {content}")
        made = publish(source, self.base, self._tick)
        assert labels.read(self.base) == before
        assert Path(made.uri, "saved_model.pb").read_text() == f"graph {content}"
        assert made.version not in self.damaged

    @rule(number=st.integers(0, 9), verb=st.sampled_from(["promote", "canary"]))
    def name_one(self, number, verb):
        version = self._pick(number)
        before = labels.read(self.base)
        try:
            if verb == "promote":
                found = promotion.promote(self.base, version, self._tick)
                assert found.stable.version == version
            else:
                found = promotion.canary(self.base, version, 10, self._tick)
                assert found.canary.version == version
        except StepError:
            assert labels.read(self.base) == before
            stable = before.stable.version if before else versions(self.base)[0]
            assert version in self.damaged or (verb == "canary" and version == stable)
        else:
            assert version not in self.damaged

    @rule(verb=st.sampled_from([promotion.promote, promotion.rollback, promotion.end_canary]))
    def name_none(self, verb):
        before = labels.read(self.base)
        try:
            found = verb(self.base, clock=self._tick)
        except StepError:
            assert labels.read(self.base) == before
        else:
            if found and found != before and (not before or found.stable != before.stable):
                assert found.stable.version not in self.damaged

    @rule(keep=st.integers(2, 3))
    def prune(self, keep):
        loadable, newest = self._loadable(), versions(self.base)[:keep]
        before = labels.read(self.base)
        promotion.prune(self.base, keep, clock=self._tick)
        assert set(newest) <= set(versions(self.base))
        assert len(self._loadable()) >= min(2, len(loadable))
        if before:
            named = (before.stable, before.canary, before.previous)
            assert {one.version for one in named if one} <= set(versions(self.base)) | self.damaged

    @rule(number=st.integers(0, 9))
    @precondition(lambda self: len(self._loadable()) > 1)
    def damage(self, number):
        version = self._pick(number)
        damage(self.base, version)
        self.damaged.add(version)

    @rule(number=st.integers(0, 9), at=st.sampled_from(["replace", "fsync"]))
    def be_killed(self, number, at):
        before = labels.read(self.base)
        real = getattr(os, at)
        setattr(os, at, _killed)
        try:
            promotion.promote(self.base, self._pick(number), self._tick)
        except (KeyboardInterrupt, StepError):
            pass
        finally:
            setattr(os, at, real)
        assert labels.read(self.base) == before

    @invariant()
    def what_is_stable_serves_and_is_to_be_beaten(self):
        found = labels.read(self.base)
        expected = found.stable.version if found else versions(self.base)[0]
        assert serving(self.base) == expected
        if expected not in self.damaged:
            assert Path(served_baseline(self.base, None).uri).name == expected

    @invariant()
    def damage_is_known(self):
        assert {v for v in versions(self.base) if is_damaged(self.base, v)} == self.damaged & set(
            versions(self.base)
        )


def test_whatever_happens_in_whatever_order(tmp_path):
    Histories.folder = tmp_path / "history"
    machine = type("Machine", (Histories,), {})
    machine.TestCase.settings = settings(
        max_examples=40, stateful_step_count=20, deadline=None, print_blob=True
    )
    machine.TestCase("runTest").runTest()
