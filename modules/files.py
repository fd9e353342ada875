"""Writes small files, on any file system that TensorFlow knows."""

import tensorflow as tf


def write_atomically(folder: str, name: str, text: str) -> None:
    """Writes a file that is there as a whole or not at all.

    Args:
        folder: Made where it is not there.
        name: Of the file in it.
        text: Its content.
    """
    tf.io.gfile.makedirs(folder)
    partial = f"{folder}/.{name}.partial"
    with tf.io.gfile.GFile(partial, "w") as file:
        file.write(text)
    tf.io.gfile.rename(partial, f"{folder}/{name}", overwrite=True)
