"""Writing the first curated schema of a series, from its description and data."""

import sys

from tfx_pipeline.data.curated_schema import derived_schema, to_text
from tfx_pipeline.data.inspection import inspect
from tfx_pipeline.data.raw.files import find_files
from tfx_pipeline.data.raw.location import locate
from tfx_pipeline.settings import Settings

_HEADER = """\
# Curated schema of the series {series}: one tf.Example is a segment, see docs/data.md.
# Written by `household-power schema init` from {rows:,} rows, {first} to {last}.
# Domains are what was seen and as much again on both sides. Review it like code;
# `household-power schema refresh` shows what newer data would change.
"""


def init(settings: Settings) -> int:
    """Reads all data and writes the schema file; an existing one stays.

    Args:
        settings: Name the data, the series and the file.

    Returns:
        0 when it was written; 1 when it is there already.

    Raises:
        DataError: The data breaks a rule.
        OSError: There is no data, or the file cannot be written.
    """
    file = settings.schema_file
    if file.exists():
        print(
            f"error: {file} is there already; remove it first, or see what newer data would change "
            "in it with `household-power schema refresh`",
            file=sys.stderr,
        )
        return 1
    options = settings.data_options
    summary = inspect(find_files(locate(settings.data_path)).files, options).summary
    seen = {
        name: (summary.lowest[name].value, summary.highest[name].value) for name in summary.lowest
    }
    schema = derived_schema(settings.spec, settings.shape, seen)
    header = _HEADER.format(
        series=settings.series, rows=summary.rows, first=summary.first, last=summary.last
    )
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(header + to_text(schema), encoding="utf-8")
    print(f"wrote {file}")
    return 0
