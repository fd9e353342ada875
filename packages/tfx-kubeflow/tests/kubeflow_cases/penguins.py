"""A small penguin data set of our own making: three species, four measurements in 0..1."""

import random
from pathlib import Path

COLUMNS = ("species", "culmen_length_mm", "culmen_depth_mm", "flipper_length_mm", "body_mass_g")
CENTRES = ((0.25, 0.6, 0.2, 0.3), (0.6, 0.7, 0.4, 0.3), (0.55, 0.2, 0.8, 0.7))


def write_penguins(folder: Path, rows: int = 300, seed: int = 7) -> Path:
    """Writes `labelled/penguins.csv` and returns the folder."""
    chance = random.Random(seed)
    lines = [",".join(COLUMNS)]
    for row in range(rows):
        species = row % len(CENTRES)
        values = (min(max(chance.gauss(mean, 0.07), 0.0), 1.0) for mean in CENTRES[species])
        lines.append(",".join([str(species), *(f"{value:.4f}" for value in values)]))
    (folder / "labelled").mkdir(parents=True, exist_ok=True)
    (folder / "labelled/penguins.csv").write_text("\n".join(lines) + "\n")
    return folder
