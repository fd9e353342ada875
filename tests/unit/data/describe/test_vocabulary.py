"""Headers of meters, loggers and suppliers say what they say."""

import pytest

from tfx_pipeline.data.describe.vocabulary import QUANTITIES, ROLES, UNITS, plain, understand


@pytest.mark.parametrize(
    ("header", "quantity", "unit"),
    [
        ("Zählerstand [kWh]", "counter", "kWh"),
        ("Verbrauch (kWh)", "energy", "kWh"),
        ("Gesamtverbrauch", "energy", None),
        ("consommation", "energy", None),
        ("Consumo_kWh", "energy", "kWh"),
        ("KWH/hh (per half hour) ", "energy", "kWh"),
        ("Leistung W", "power", "W"),
        ("Puissance (kW)", "power", "kW"),
        ("Global_active_power", "power", None),
        ("Global_reactive_power", "reactive", None),
        ("powerW", "power", None),
        ("use [kW]", "power", "kW"),
        ("1-0:1.8.0 [kWh]", "counter", "kWh"),
        ("16.7.0", "power", None),
        ("index HP (Wh)", "counter", "Wh"),
        ("meterstand", "counter", None),
        ("V", "voltage", "V"),
        ("Voltage_L1", "voltage", None),
        ("Spannung", "voltage", None),
        ("i1 (A)", "current", "A"),
        ("Außentemperatur (°C)", "temperature", "degC"),
        ("temp_f", "temperature", "degF"),
        ("Strompreis ct/kWh", "price", None),
        ("price", "price", None),
        ("humidity", "other", None),
        ("value", None, None),
        ("P", "power", None),
        ("I", "current", None),
        ("T", None, None),
        ("MT_001", None, None),
        ("", None, None),
    ],
)
def test_quantity_and_unit(header, quantity, unit):
    said = understand(header)
    assert (said.quantity, said.unit) == (quantity, unit)


@pytest.mark.parametrize(
    ("header", "role"),
    [
        ("export_kwh", "export"),
        ("Einspeisung", "export"),
        ("2.8.0", "export"),
        ("PV W", "solar"),
        ("Netzbezug in kWh", "total"),
        ("Sub_metering_1", "part"),
        ("temperature_forecast", "ahead"),
        ("LCLid", "meter"),
        ("house_id", "meter"),
        ("Zählernummer", "meter"),
        ("Tot (datum)", "end"),
        ("Tarif", "group"),
        ("End Time", "end"),
        ("Startdatum", "start"),
        ("Horodate", "time"),
    ],
)
def test_role(header, role):
    assert role in understand(header).roles


def test_the_list_is_small_and_plain():
    listed = " ".join((*QUANTITIES.values(), *ROLES.values(), *UNITS)).split()
    assert len(listed) < 350
    assert [word for word in listed if plain(word) != word or not word.isalpha()] == []
