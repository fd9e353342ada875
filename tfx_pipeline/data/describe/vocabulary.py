"""What the words of a header say about its column: quantity, unit and role.

A short list on purpose: the words that exports of meters and loggers use in the languages of their
makers. What is not in it is told by the values, and marked as unsure.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

Quantity = Literal[
    "power", "energy", "counter", "reactive", "voltage", "current", "temperature", "price", "other"
]
HOUSEHOLD = (20.0, 30_000.0)
"""Mean watts of a meter: below, the unit is the next smaller; above, the next larger."""

UNITS: dict[str, tuple[Quantity, str]] = {
    "w": ("power", "W"),
    "watt": ("power", "W"),
    "watts": ("power", "W"),
    "kw": ("power", "kW"),
    "mw": ("power", "MW"),
    "wh": ("energy", "Wh"),
    "kwh": ("energy", "kWh"),
    "mwh": ("energy", "MWh"),
    "var": ("reactive", "var"),
    "kvar": ("reactive", "kvar"),
    "kvarh": ("reactive", "kvarh"),
    "va": ("other", "VA"),
    "kva": ("other", "kVA"),
    "v": ("voltage", "V"),
    "volt": ("voltage", "V"),
    "volts": ("voltage", "V"),
    "a": ("current", "A"),
    "amp": ("current", "A"),
    "amps": ("current", "A"),
    "ampere": ("current", "A"),
    "c": ("temperature", "degC"),
    "degc": ("temperature", "degC"),
    "celsius": ("temperature", "degC"),
    "f": ("temperature", "degF"),
    "degf": ("temperature", "degF"),
    "hz": ("other", "Hz"),
}
"""Unit as a word of its own, in lower case -> what it measures, and how it is written."""

QUANTITIES: dict[Quantity, str] = {
    # Behind everything else they settle what is counted.
    "counter": "reading counter register cumulative totalizer lifetime index zahlerstand stand "
    "meterstand lectura lettura releve odczyt",
    "reactive": "reactive blindleistung blindarbeit reactiva reattiva",
    "voltage": "voltage spannung tension tensione tensao spanning",
    "current": "current intensity stromstarke intensite intensidad corrente corriente stroom",
    "temperature": "temperature temp temperatur temperatura temperatuur aussentemperatur",
    "price": "price preis prix precio prezzo preco prijs tariff tarif tarifa cost kosten",
    "power": "power load demand leistung wirkleistung last puissance potencia potenza vermogen "
    "papp effekt moc",
    "energy": "energy consumption usage used energie energia verbrauch arbeit bezug strom "
    "consommation consumo conso verbruik forbrukning zuzycie einspeisung production generation "
    "erzeugung production produccion produzione",
    "other": "frequency frequenz frequence humidity feuchte humidite factor cosphi wind rain "
    "irradiance occupancy battery soc",
}
"""Quantity -> words, in lower case and without accents; the first that fits counts."""

ROLES: dict[str, str] = {
    "export": "export exported einspeisung lieferung feed injection injected surplus excedente "
    "immissione teruglevering returned sold",
    "solar": "solar pv photovoltaic generation production produced erzeugung produktion "
    "produccion produzione opwek",
    "total": "total main mains grid global whole house net gesamt summe netz import imported bezug "
    "soutirage prelievo aggregate site",
    "part": "sub submeter submetering circuit phase channel appliance kitchen laundry heating "
    "heatpump boiler dishwasher fridge oven hvac car ev unterzahler kuche cuisine cocina",
    "ahead": "forecast forecasted predicted vorhersage prognose prevision previsto ahead",
    "meter": "meter meterid household house id device deviceid sensor site customer customerid "
    "lclid serial mpan mprn nmi cups prm pdl zahler zahlernummer zahlpunkt compteur contador "
    "contatore client kunde entity building apartment",
    "group": "group tariff tarif tarifa type class segment category region zone area gruppe kind",
    "end": "end ending until to bis ende fin hasta fine tot stop",
    "start": "start begin beginning from von van ab debut inicio inizio",
    "time": "time timestamp datetime date epoch unix ts datum zeit zeitstempel uhrzeit horodate "
    "heure fecha hora ora data instant when",
}
"""Role -> words."""


_LETTERS: dict[str, Quantity] = {"p": "power", "q": "reactive", "u": "voltage", "i": "current"}
"""Headers of one letter, as electricians write them."""
_OBIS = re.compile(r"(?:^|[^0-9.])(1\.8|2\.8|16\.7|1\.7|2\.7)\.0(?:$|[^0-9])")
_REGISTERS: dict[str, tuple[Quantity, str]] = {
    "1.8": ("counter", "total"),
    "2.8": ("counter", "export"),
    "16.7": ("power", "total"),
    "1.7": ("power", "total"),
    "2.7": ("power", "export"),
}
"""Registers of OBIS, the codes of meters: what they hold, and its role."""


@dataclass(frozen=True)
class Words:
    """What a header says.

    Attributes:
        quantity: What the column measures; None: it does not say.
        unit: Of the quantity; None: it does not say.
        roles: Keys of `ROLES`.
    """

    quantity: Quantity | None
    unit: str | None
    roles: frozenset[str]


def plain(text: str) -> str:
    """Lower case, without accents."""
    spread = unicodedata.normalize("NFKD", text.replace("ß", "ss"))
    return "".join(one for one in spread if not unicodedata.combining(one)).lower()


def words(header: str) -> list[str]:
    """Words of a header: parted by signs, digits and humps, in lower case, without accents."""
    humps = re.sub(r"(?<=[a-zà-ÿ])(?=[A-ZÀ-Þ])", " ", header.replace("°", " deg"))
    return re.findall(r"[a-z]+", plain(humps))


def understand(header: str) -> Words:
    """Looks a header's words up.

    >>> understand("Zählerstand [kWh]")
    Words(quantity='counter', unit='kWh', roles=frozenset())
    """
    if code := _OBIS.search(header):
        measured, role = _REGISTERS[code[1]]
        said = _understood(header.replace(code[1], " "))
        return Words(measured, said.unit, said.roles | {role})
    return _understood(re.sub(r"\d+", " ", header))


@lru_cache(maxsize=1 << 12)
def _understood(header: str) -> Words:
    if letter := _LETTERS.get(header.strip().lower()):
        return Words(letter, None, frozenset())
    # The humps of kWh are none.
    whole = re.findall(r"[a-z]+", plain(header.replace("°", " deg")))
    found = [*words(header), *whole]
    quantity = next((key for key, text in QUANTITIES.items() if {*text.split()} & {*found}), None)
    if quantity is None:
        quantity = next((key for key, text in QUANTITIES.items() if _compound(found, text)), None)
    named = [UNITS[word] for word in whole if word in UNITS]
    if len(whole) == 1 and len(whole[0]) == 1:  # V alone is volts, but c alone nothing
        named = [one for one in named if one[0] != "temperature"]
    roles = frozenset(
        role
        for role, text in ROLES.items()
        if {*text.split()} & {*found} or (role != "meter" and _compound(found, text))
    )
    if quantity == "price" or _compound(found, QUANTITIES["price"]):
        return Words("price", None, roles)
    for measured, unit in reversed(named):
        if quantity is None or quantity == measured or _fits(quantity, measured):
            return Words(_of_both(quantity, measured), unit, roles)
    return Words(quantity, None, roles)


def _compound(found: list[str], text: str) -> bool:
    """Whether a long word of the list is a part of a word, as in `Gesamtverbrauch`."""
    return any(len(one) > 4 and one in word for one in text.split() for word in found)


def _fits(quantity: Quantity, measured: Quantity) -> bool:
    """Whether a unit can be one of the quantity that the words name."""
    return {quantity, measured} <= {"power", "energy", "counter"}


def _of_both(quantity: Quantity | None, measured: Quantity) -> Quantity:
    """The unit knows power from energy; only words know a counter."""
    return "counter" if quantity == "counter" and measured == "energy" else measured
