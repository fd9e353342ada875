"""The families of networks."""

import numpy as np
import pytest

from modules import networks
from modules.distribution import BINS
from modules.families import FAMILIES, load_family
from modules.features import AHEAD, CODED, CODES, NOW

SHAPES = {
    "mlp": {NOW: (40,), CODES: (6,)},
    "cnn": {NOW: (50, 10)},
    "lstm": {NOW: (50, 10)},
}


def build(family: str, seed: int = 0, ahead: int = 0, **hyperparameters):
    shapes = SHAPES[family] | ({AHEAD: (5, ahead)} if ahead else {})
    return networks.build_network(family, shapes, 5, hyperparameters, seed)


@pytest.mark.parametrize("family", FAMILIES)
def test_every_family_is_tested(family):
    assert family in SHAPES


@pytest.mark.parametrize("ahead", [0, 4])
@pytest.mark.parametrize("family", SHAPES)
def test_a_network_gives_logits_per_step_ahead(family, ahead):
    rng = np.random.default_rng(0)
    inputs = {NOW: rng.normal(size=(3, *SHAPES[family][NOW])).astype(np.float32)}
    if CODES in SHAPES[family]:
        inputs[CODES] = rng.integers(0, CODED, (3, *SHAPES[family][CODES]), np.int32)
    if ahead:
        inputs[AHEAD] = rng.normal(size=(3, 5, ahead)).astype(np.float32)
    logits = build(family, ahead=ahead)(inputs)
    assert logits.shape == (3, 5, BINS)
    # Untrained, all changes are equally likely.
    assert not logits.numpy().any()


@pytest.mark.parametrize("family", SHAPES)
def test_the_seed_decides_the_weights(family):
    first, same, other = (build(family, seed, ahead=4).get_weights() for seed in (1, 1, 2))
    assert all(np.array_equal(a, b) for a, b in zip(first, same, strict=True))
    assert not all(np.array_equal(a, b) for a, b in zip(first, other, strict=True))


def test_the_articles_grid_is_searched_for_the_lstm():
    assert load_family("lstm").grid == {"units": [20, 40], "dropout": [0.0, 0.2]}
    small, large = build("lstm", units=20), build("lstm", units=40)
    assert small.count_params() < large.count_params()


@pytest.mark.parametrize("family", SHAPES)
def test_grids_and_defaults_name_the_same_hyperparameters(family):
    chosen = load_family(family)
    assert set(chosen.grid) <= set(chosen.defaults)
    assert all(chosen.defaults[name] in values for name, values in chosen.grid.items())
