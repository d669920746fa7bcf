"""What tokens cost: what the person wrote down, since no list of prices stays true. Without one, tokens are counted."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Final

from plugins.errors import ConfigError
from plugins.state import UserState
from selfmod.models.base import Price

FILE: Final = "prices.json"


def load_prices(state: UserState) -> Mapping[str, Price]:
    """Read `prices.json` of user state: `{"openai:NAME": {"prompt": 1.5, "completion": 6, "currency": "USD"}}`.

    Prices are for a million tokens.
    """
    value = state.read_json(FILE)
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise ConfigError(f"{state.path(FILE)}: not an object of prices by model")
    return {str(name): _price(f"{state.path(FILE)}: {name}", entry) for name, entry in value.items()}


def _price(where: str, entry: object) -> Price:
    if not isinstance(entry, dict) or not entry.keys() <= {"prompt", "completion", "currency"}:
        raise ConfigError(f"{where}: a price has prompt, completion and currency")
    currency = entry.get("currency", "USD")
    if not isinstance(currency, str):
        raise ConfigError(f"{where}: the currency is a text such as USD")
    return Price(
        prompt=_amount(where, entry.get("prompt")),
        completion=_amount(where, entry.get("completion")),
        currency=currency,
    )


def _amount(where: str, value: object) -> float:
    if not isinstance(value, int | float) or isinstance(value, bool) or not math.isfinite(value) or value < 0:
        raise ConfigError(f"{where}: prompt and completion are amounts for a million tokens")
    return float(value)
