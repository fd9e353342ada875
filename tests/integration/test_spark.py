"""The `sample` profile on a standalone Spark cluster with two workers."""

from collections.abc import Iterator

import pytest

from tests.support.engine_user import (
    User,
    assert_same_evaluation,
    assert_same_examples,
    assert_same_statistics,
    jars_or_skip,
)
from tools.cluster.processes import started
from tools.spark.cluster import Cluster
from tools.spark.jars import SPARK

pytestmark = [pytest.mark.integration, pytest.mark.slow, pytest.mark.timeout(3000)]


@pytest.fixture(scope="module")
def spark(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    jars = jars_or_skip(SPARK, "spark")
    with started(Cluster(jars, tmp_path_factory.mktemp("cluster"))) as made:
        yield made


@pytest.fixture(scope="module")
def here(spark: Cluster, tmp_path_factory: pytest.TempPathFactory) -> User:
    """After a run with DirectRunner; none where there is no Spark to compare with."""
    user = User(tmp_path_factory.mktemp("here"))
    user.run()
    return user


@pytest.fixture(scope="module")
def there(spark: Cluster, tmp_path_factory: pytest.TempPathFactory) -> User:
    """After a run on Spark."""
    user = User(tmp_path_factory.mktemp("there"), *spark.settings, "--beam.shared=/")
    user.run()
    return user


def test_each_step_was_an_application_of_spark(there: User, spark: Cluster) -> None:
    found = [(one["name"].partition("-")[0], one["state"]) for one in spark.applications()]
    steps = ("evaluator", "powerexamplegen", "statisticsgen", "transform")
    assert sorted(set(found)) == [(step, "FINISHED") for step in steps]


def test_the_model_is_pushed(there: User) -> None:
    assert there.summary()["blessed"]
    assert (there.version() / "saved_model.pb").exists()


def test_examples_are_the_same(here: User, there: User) -> None:
    assert_same_examples(here, there)


def test_statistics_are_the_same(here: User, there: User) -> None:
    assert_same_statistics(here, there)


def test_the_evaluation_is_the_same(here: User, there: User) -> None:
    assert_same_evaluation(here, there)
