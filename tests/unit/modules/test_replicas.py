"""Which devices share a batch, and when they cannot."""

from types import SimpleNamespace

import pytest
import tensorflow as tf

from modules.replicas import strategy_of


@pytest.fixture
def gpus(monkeypatch):
    """Makes TensorFlow see some GPUs."""

    def see(count):
        seen = {"GPU": [SimpleNamespace(name=f"/device:GPU:{number}") for number in range(count)]}
        monkeypatch.setattr(tf.config, "list_logical_devices", seen.__getitem__)

    return see


def test_one_device_is_tensorflows_choice(gpus):
    gpus(2)
    assert strategy_of("single", 480) is tf.distribute.get_strategy()


def test_where_there_is_one_device_nothing_is_shared(gpus, caplog):
    gpus(1)
    assert strategy_of("mirrored", 480).num_replicas_in_sync == 1
    assert "there is one device: /device:GPU:0" in caplog.text


def test_a_batch_that_does_not_divide_is_refused(gpus):
    gpus(7)
    with pytest.raises(ValueError, match=r"model\.batch: batches of 480 .* among 7 devices"):
        strategy_of("mirrored", 480)
