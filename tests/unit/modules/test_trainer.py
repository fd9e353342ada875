"""What a search hands to the trainer."""

import keras_tuner

from modules.trainer import FAMILY, best_hyperparameters


def searched(**values) -> dict:
    space = keras_tuner.HyperParameters()
    for name, value in values.items():
        space.Choice(name, [value])
    return space.get_config()


def test_without_a_search_nothing_is_found():
    assert best_hyperparameters(None, "mlp") == {}


def test_the_best_of_a_search_for_this_family_are_taken():
    assert best_hyperparameters(searched(family="lstm", units=20), "lstm") == {"units": 20}


def test_what_was_found_for_another_family_is_left_out(caplog):
    assert best_hyperparameters(searched(**{FAMILY: "lstm", "units": 20}), "mlp") == {}
    assert "the last search was for lstm" in caplog.text
