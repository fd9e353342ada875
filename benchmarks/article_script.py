"""What the articles do, in plain Keras: the yardstick for the `article` profile.

Four configurations (20 or 40 units, dropout 0 or 0.2) of a two-layer LSTM, ten epochs each, on all
1,945 windows of the first 2,000 rows: seven scaled measurements, 50 minutes back, five ahead,
batches of 64. Prints one JSON object: seconds of training alone (imports and data not counted), and
the MSE in kW^2 of the best configuration beside persistence, on the windows it was trained on.
"""

import itertools
import json
import os
import time

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import keras
import numpy as np
import pyarrow.csv

from tfx_pipeline.data.raw.location import locate
from tfx_pipeline.series.files import UCI_HOUSEHOLD, read_series

MEASUREMENTS = read_series(UCI_HOUSEHOLD).names
ROWS, WINDOW, HORIZON, BATCH, EPOCHS = 2000, 50, 5, 64, 10


def windows() -> tuple[np.ndarray, np.ndarray, float]:
    """Returns inputs [1945, 50, 7] and labels [1945, 5], scaled, and the label's scale in kW."""
    location = locate(None)
    table = pyarrow.csv.read_csv(f"{location.base}/{location.pattern}")
    values = np.stack([table[name].to_numpy()[:ROWS] for name in MEASUREMENTS], axis=1)
    scale = values.std(axis=0)
    scaled = ((values - values.mean(axis=0)) / scale).astype(np.float32)
    starts = range(ROWS - WINDOW - HORIZON)
    inputs = np.stack([scaled[start : start + WINDOW] for start in starts])
    labels = np.stack([scaled[start + WINDOW : start + WINDOW + HORIZON, 0] for start in starts])
    return inputs, labels, float(scale[0])


def network(units: int, dropout: float) -> keras.Model:
    """The articles' two-layer LSTM."""
    model = keras.Sequential(
        [
            keras.Input((WINDOW, len(MEASUREMENTS))),
            keras.layers.LSTM(units, return_sequences=True),
            keras.layers.Dropout(dropout),
            keras.layers.LSTM(units),
            keras.layers.Dropout(dropout),
            keras.layers.Dense(HORIZON),
        ]
    )
    model.compile(optimizer="adam", loss="mse")
    return model


def main() -> None:
    """Trains the grid and prints what it took."""
    inputs, labels, scale = windows()
    wall, cpu = time.perf_counter(), time.process_time()
    errors = []
    for units, dropout in itertools.product((20, 40), (0.0, 0.2)):
        model = network(units, dropout)
        model.fit(inputs, labels, batch_size=BATCH, epochs=EPOCHS, verbose=0)
        errors.append(float(model.evaluate(inputs, labels, batch_size=1024, verbose=0)))
    persistence = float(np.mean((inputs[:, -1:, 0] - labels) ** 2))
    print(
        json.dumps(
            {
                "train_seconds": round(time.perf_counter() - wall, 1),
                "train_cpu_seconds": round(time.process_time() - cpu, 1),
                "mse": min(errors) * scale**2,
                "naive_mse": persistence * scale**2,
            }
        )
    )


if __name__ == "__main__":
    main()
