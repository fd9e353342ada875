"""Replicas of a network on the devices of one machine, which share every batch."""

import logging
from collections.abc import Sequence
from typing import Any, Literal

import tensorflow as tf

from modules.adamw import FusedAdamW

logger = logging.getLogger("modules.replicas")


def strategy_of(name: Literal["single", "mirrored"], batch: int) -> tf.distribute.Strategy:
    """TensorFlow's strategy for the devices that this process sees.

    Args:
        name: `single`: one device, TensorFlow's choice; `mirrored`: all GPUs, or all CPU devices
            where there is no GPU.
        batch: Windows of a batch.

    Raises:
        ValueError: The batch cannot be shared in equal parts.
    """
    if name == "single":
        return tf.distribute.get_strategy()
    seen = tf.config.list_logical_devices("GPU") or tf.config.list_logical_devices("CPU")
    devices = [device.name for device in seen]
    if len(devices) == 1:
        logger.warning("model.strategy is mirrored, and there is one device: %s", *devices)
        return tf.distribute.get_strategy()
    if batch % len(devices):
        raise ValueError(
            f"model.batch: batches of {batch} windows do not divide among {len(devices)} devices; "
            "choose another size, or let the process see fewer devices"
        )
    logger.info("each batch is shared by %s", ", ".join(devices))
    return tf.distribute.MirroredStrategy(devices)


class SharedAdamW(FusedAdamW):
    """AdamW for replicas: what they found is added up before it is clipped, as on one device.

    Keras clips in each replica, which changes the weights of gradients against one another.
    """

    def apply(self, grads: Sequence[tf.Tensor], trainable_variables: Any = None) -> None:
        """Updates the weights of all replicas alike, in the context of one of them."""
        replica = tf.distribute.get_replica_context()
        total = replica.all_reduce(tf.distribute.ReduceOp.SUM, list(grads))
        clipped, _ = tf.clip_by_global_norm(total, self.global_clipnorm)
        # Keras adds up what all replicas pass on, which is the same now.
        part = 1 / replica.num_replicas_in_sync
        super().apply([gradient * part for gradient in clipped], trainable_variables)
