"""The first curated schema: written from description and data, and never over another."""

from tests.support.series import household, write_iso
from tfx_pipeline.cli import main
from tfx_pipeline.data.curated_schema import curated_schema, read_schema
from tfx_pipeline.settings import load_settings


def test_it_is_written_once_and_fits(tmp_path, capsys):
    path = write_iso(tmp_path / "house.csv", household(3000))
    file = tmp_path / "new" / "mine.pbtxt"
    arguments = [f"--data.path={path}", f"--validation.schema_file={file}"]

    assert main(["schema", "init", *arguments]) == 0

    assert capsys.readouterr().out == f"wrote {file}\n"
    assert "from 3,000 rows, 2007-01-01 00:00 to 2007-01-03 01:59" in file.read_text()
    settings = load_settings(arguments)
    schema = curated_schema(settings.curated_schema_file, settings.spec, settings.shape)
    assert schema == read_schema(file)
    [voltage] = [one for one in schema.feature if one.name == "Voltage"]
    assert 200 < voltage.float_domain.min < 235 < 245 < voltage.float_domain.max < 280

    assert main(["schema", "init", *arguments]) == 1
    assert "is there already" in capsys.readouterr().err


def test_data_that_is_not_there_is_named(tmp_path, capsys):
    arguments = ["--data.path=/nowhere.csv", f"--validation.schema_file={tmp_path / 'a.pbtxt'}"]
    assert main(["schema", "init", *arguments]) == 1
    assert "/nowhere.csv" in capsys.readouterr().err
    assert not (tmp_path / "a.pbtxt").exists()
