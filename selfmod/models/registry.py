"""Which models there are, by name: `local`, `local:PATH`, `openai:NAME`, `volcengine:NAME`, `replay:PATH`.

What is asked is what the person named, and the embedded model otherwise. A key or a base URL in the environment makes
paid calls possible; it never makes them by itself.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from plugins.errors import UsageError
from plugins.settings import Settings
from plugins.state import UserState
from selfmod.models.base import Message, Model, Price, Request
from selfmod.models.errors import ModelUnavailable, Unauthorised, UnknownModel
from selfmod.models.prices import load_prices

DEFAULT: Final = "local"
PROVIDERS: Final = ("local", "openai", "volcengine", "replay")
#: Base URLs by provider. `openai` takes any other from `model.base_url` (OPENAI_BASE_URL).
BASE_URLS: Final[Mapping[str, str]] = {
    "openai": "https://api.openai.com/v1",
    "volcengine": "https://ark.cn-beijing.volces.com/api/v3",
}
KEYS: Final[Mapping[str, str]] = {"openai": "OPENAI_API_KEY", "volcengine": "ARK_API_KEY"}

_PARAMETERS: Final = re.compile(r"(?<![a-z0-9.])(\d+(?:\.\d+)?)\s*([mb])(?![a-z])", re.IGNORECASE)
_SMALL_B: Final = 3.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Listed:
    """One line of `model list`. `available` says whether it could be asked now, `why` what is missing otherwise."""

    name: str
    available: bool
    chosen: bool
    why: str = ""
    price: Price | None = None


def open_model(settings: Settings, state: UserState, name: str = "") -> Model:
    """Return the model called `name`, or the one that is set, or the embedded one. Nothing is started or asked yet.

    Raises `ModelError` where it cannot be used here.
    """
    provider, _, rest = full_name(name or settings.text("model.name") or DEFAULT).partition(":")
    match provider:
        case "local":
            return _local(rest or settings.text("model.path"))
        case "replay":
            return _replay(rest)
        case _:
            return _server(provider, rest, settings, state)


def full_name(name: str) -> str:
    """Return a name with its provider: a bare one is one of the server that the person has set."""
    return name if name.partition(":")[0] in PROVIDERS else f"openai:{name}"


def check_name(name: str, settings: Settings) -> None:
    """Refuse a bare name where no server is set that it could be one of: most likely it is misspelt."""
    missing = _key_missing("openai", settings)
    if full_name(name) != name and missing:
        raise UsageError(
            f"{name} is no model here: without a provider it would be one of a server, and {missing}",
            hint=f"names: ratchet model list; to choose it all the same: ratchet model use {full_name(name)}",
            id=name,
        )


def is_small(name: str) -> bool:
    """Say whether a name tells of so few parameters that whole files are too much to ask for."""
    sizes = [float(size) / (1000 if unit.lower() == "m" else 1) for size, unit in _PARAMETERS.findall(name)]
    return "smol" in name.lower() or (bool(sizes) and max(sizes) <= _SMALL_B)


def list_models(settings: Settings, state: UserState) -> tuple[Listed, ...]:
    """What can be named, without asking any server."""
    chosen = settings.text("model.name") or DEFAULT
    prices = load_prices(state)
    lines = [_listed(one, chosen, settings, prices) for one in dict.fromkeys((DEFAULT, *prices, full_name(chosen)))]
    for provider, key in KEYS.items():
        if settings.secret(key) is not None or (provider == "openai" and settings.text("model.base_url")):
            lines.append(Listed(name=f"{provider}:NAME", available=True, chosen=False, why="any name its server knows"))
    return tuple(lines)


def _listed(name: str, chosen: str, settings: Settings, prices: Mapping[str, Price]) -> Listed:
    provider = name.partition(":")[0]
    why = ""
    if provider == "local":
        why = _local_missing(name.partition(":")[2] or settings.text("model.path"))
    elif provider in KEYS:
        why = _key_missing(provider, settings)
    price = Price(prompt=0.0, completion=0.0) if provider in {"local", "replay"} else prices.get(name)
    return Listed(name=name, available=not why, chosen=chosen in {name, name.partition(":")[2]}, why=why, price=price)


def try_model(model: Model, *, deadline_s: float = 60.0) -> str:
    """Ask the model one short thing; return what it says. Raises `ModelError` like any other call."""
    question = Request(messages=(Message(role="user", content="Answer with one word: hello"),), max_tokens=16)
    return model.complete(question, deadline_s=deadline_s).text.strip()


def _local(path: str) -> Model:
    from selfmod.models.local import LocalModel, Weights
    from selfmod.models.runtime import weights

    missing = _local_missing(path)
    if missing:
        raise ModelUnavailable(f"the local model cannot be used: {missing}", hint="see: ratchet model list")
    if path:
        return LocalModel(Weights(path=Path(path).expanduser().absolute(), name=f"local:{path}"))
    found = weights()
    assert found is not None
    return LocalModel(found)


def _local_missing(path: str) -> str:
    """What is missing for a local model, "" where nothing is."""
    from importlib.util import find_spec

    from selfmod.models.runtime import AGAIN, Runtime

    if path:
        if find_spec("llama_cpp") is None:
            return "its runtime is not installed"
        return "" if Path(path).expanduser().is_file() else f"there is no file {path}"
    now = Runtime().progress()
    match now.state:
        case "ready":
            return ""
        case "building":
            return f"its runtime is being built ({now.detail})"
        case "missing":
            return "its runtime is not built yet"
        case "failed":
            return f"its runtime could not be built ({now.detail}); try again with: {AGAIN}"


def _server(provider: str, name: str, settings: Settings, state: UserState) -> Model:
    from selfmod.models.openai_client import OpenAIModel, Server

    missing = _key_missing(provider, settings)
    if missing:
        raise Unauthorised(
            f"{provider}:{name} cannot be asked: {missing}", hint=f"set {KEYS[provider]} in the environment"
        )
    secret = settings.secret(KEYS[provider])
    server = Server(
        provider=provider, base_url=_base_url(provider, settings), model=name, key=secret.reveal() if secret else ""
    )
    if not name:
        name = _only_model(OpenAIModel(server).models(), provider)
    return OpenAIModel(
        Server(
            provider=provider,
            base_url=server.base_url,
            model=name,
            key=server.key,
            small=is_small(name),
            price=load_prices(state).get(f"{provider}:{name}"),
        )
    )


def _only_model(names: tuple[str, ...], provider: str) -> str:
    if len(names) == 1:
        return names[0]
    known = ", ".join(names[:20]) or "none"
    raise UnknownModel(f"name one of the server's models: {known}", hint=f"{provider}:NAME")


def _base_url(provider: str, settings: Settings) -> str:
    own = settings.text("model.base_url") if provider == "openai" else ""
    return own or BASE_URLS[provider]


def _key_missing(provider: str, settings: Settings) -> str:
    """What is missing; servers of the person's own often take no key."""
    own = provider == "openai" and settings.text("model.base_url")
    return "" if own or settings.secret(KEYS[provider]) is not None else f"there is no key ({KEYS[provider]})"


def _replay(path: str) -> Model:
    from selfmod.models.replay import ReplayModel

    if not path:
        raise UnknownModel("say which recorded replies: replay:PATH", hint="a JSON list of texts")
    small = path.startswith("small:")
    return ReplayModel(Path(path.removeprefix("small:")).expanduser().absolute(), small=small)
