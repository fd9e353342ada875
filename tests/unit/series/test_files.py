import pytest

from tfx_pipeline.series.files import (
    UCI_HOUSEHOLD,
    SeriesError,
    described_files,
    presets,
    read_series,
)

SERIES = """\
layouts: [{timestamp: [day, time], format: "%d.%m.%Y %H:%M", delimiter: ";", decimal: ","}]
zone: Europe/Berlin
cadence: PT15M
target: {name: energy, unit: kWh, aggregate: sum, lowest: 0}
"""


@pytest.mark.parametrize("name", presets())
def test_every_preset_is_a_description(name):
    assert read_series(name).names


def test_the_uci_preset_names_the_columns_of_the_data_set():
    spec = read_series(UCI_HOUSEHOLD)
    assert spec.target.name == "Global_active_power"
    assert spec.names[1:4] == ("Global_reactive_power", "Voltage", "Global_intensity")
    assert spec.parts == pytest.approx(dict.fromkeys(spec.names[4:], 0.06))


def test_a_user_s_file_is_read(tmp_path):
    file = tmp_path / "house.yaml"
    file.write_text(SERIES)
    spec = read_series(file)
    assert (spec.zone, spec.step, spec.target.lowest) == ("Europe/Berlin", 900, 0)


def test_a_description_may_name_its_data(tmp_path):
    file = tmp_path / "house.yaml"
    file.write_text(SERIES)
    spec = read_series(file)
    assert described_files(file) is None
    assert described_files(UCI_HOUSEHOLD) is None
    for written, found in (("raw/*.csv", tmp_path / "raw/*.csv"), ("/data/a.csv", "/data/a.csv")):
        file.write_text(f"files: {written}\n{SERIES}")
        assert described_files(file) == str(found)
        assert read_series(file) == spec
    file.write_text(f"files: [a, b]\n{SERIES}")
    with pytest.raises(SeriesError, match="files: expected a path"):
        described_files(file)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("- 1\n", "expected a description"),
        ("a: [\n", "not YAML"),
        (SERIES + "colour: red\n", "colour: Extra inputs"),
        (SERIES.replace("kWh", "''"), "target.unit"),
        ("a: !!python/object:os.system {}\n", "not YAML"),
    ],
)
def test_what_is_no_description_is_refused_by_name(tmp_path, text, message):
    file = tmp_path / "house.yaml"
    file.write_text(text)
    with pytest.raises(SeriesError) as refused:
        read_series(file)
    assert str(file) in str(refused.value)
    assert message in str(refused.value)


def test_a_preset_is_suggested():
    with pytest.raises(SeriesError, match="did you mean uci-household"):
        read_series("uci-houshold")
    with pytest.raises(SeriesError, match=r"presets are .*uci-household"):
        read_series("/nowhere/at-all.yaml")
