"""Settings: what can be set, where, and where each value came from.

Precedence, strongest first: the command line, the environment, the person's `ratchet.toml` in user state, the default.
The workspace's `ratchet.toml` comes last and can only make a value stricter; what it may not set is left out and said.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, TypeAlias

from plugins.errors import ConfigError
from plugins.state import UserState, read_private

Scalar: TypeAlias = bool | int | float | str
# How a workspace may change a value: "up" and "down" make it stricter, "person" is not its to set, and "workspace" is
# set there only.
Rule = Literal["up", "down", "person", "workspace"]

FILE = "ratchet.toml"
_MOST_TEXT = 100_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """One thing that can be set. `env` is the environment variable that also sets it."""

    name: str
    default: Scalar
    help: str
    rule: Rule = "person"
    env: str = ""
    least: float | None = None
    most: float | None = None
    choices: tuple[str, ...] = ()


def _gate(name: str, default: float, help: str, *, most: float | None = None) -> Setting:  # noqa: A002
    rule: Rule = "up" if name.endswith("_min") else "down"
    return Setting(name=f"gate.{name}", default=default, help=help, rule=rule, least=0, most=most)


SETTINGS: tuple[Setting, ...] = (
    Setting(name="schema", default=1, help="version of this file's format", rule="workspace", least=1, most=1),
    Setting(name="workspace.id", default="", help="what decisions are bound to; made by init", rule="workspace"),
    Setting(name="model.name", default="", help="the model to ask", env="RATCHET_MODEL"),
    Setting(name="model.base_url", default="", help="an OpenAI-compatible server", env="OPENAI_BASE_URL"),
    Setting(name="model.path", default="", help="weights (GGUF) for the local model"),
    Setting(name="model.timeout_s", default=120.0, help="the longest wait for one answer", least=1, most=3600),
    Setting(name="model.blind_tests", default="", help="models that also write tests without seeing the code"),
    Setting(name="budget.proposal_tokens", default=400_000, help="tokens one proposal may use", least=0),
    Setting(name="budget.day_tokens", default=2_000_000, help="tokens a day, over all workspaces", least=0),
    Setting(name="budget.proposal_money", default=1.0, help="money one proposal may cost", least=0),
    Setting(name="budget.day_money", default=5.0, help="money a day, over all workspaces", least=0),
    Setting(name="budget.currency", default="USD", help="the currency of the two", choices=("USD", "EUR", "CNY")),
    Setting(
        name="generation.attempts",
        default=5,
        rule="down",
        least=1,
        most=100,
        help="candidates that may be tried; of a small model 20 where this is not set",
    ),
    Setting(name="sandbox.allow_missing_landlock", default=False, help="run without Landlock where it is missing"),
    _gate("module_kb", 64, "size of one module"),
    _gate("total_kb", 256, "size of a whole plugin"),
    _gate("files", 32, "files of a plugin"),
    _gate("tests", 200, "tests of a plugin"),
    _gate("lines_min", 0.9, "share of lines the tests must run", most=1),
    _gate("branches_min", 0.9, "share of branches the tests must run", most=1),
    _gate("mutation_value_min", 0.7, "share of mutants killed by a compared value", most=1),
    _gate(
        "mutation_given_min", 0.4, "share of those that is killed by what a call gives, not by what it raises", most=1
    ),
    _gate("mutation_raw_min", 0.8, "share of mutants killed", most=1),
    _gate("survivors_allowed", 1, "mutants that may survive whatever the shares are"),
    _gate("import_s", 0.5, "work and waiting of importing the plugin"),
    _gate("call_s", 0.5, "work and waiting of one recorded call"),
    _gate("growth", 1.8, "exponent of time over the size of the input"),
    _gate("memory_mb", 100, "memory of the tests"),
    _gate("stage_s", 20.0, "wall clock of one stage"),
    _gate("gate_s", 60.0, "wall clock of the whole gate"),
)
BY_NAME: Mapping[str, Setting] = {setting.name: setting for setting in SETTINGS}
SECRETS: Mapping[str, str] = {
    "OPENAI_API_KEY": "key of the OpenAI-compatible server",
    "ARK_API_KEY": "key of Volcengine Ark",
}


class Secret:
    """A secret of the person: it has to be asked for, and never shows itself in a text."""

    __slots__ = ("_value",)

    def __init__(self, value: str) -> None:
        self._value = value

    def reveal(self) -> str:
        """The secret itself, for the one request that needs it; ConfigError where it cannot be sent as it is."""
        if not (self._value.isascii() and self._value.isprintable()) or " " in self._value:
            message = "a key in the environment holds a space, a line feed or a letter outside ASCII"
            raise ConfigError(message, hint="set OPENAI_API_KEY or ARK_API_KEY again, without it")
        return self._value

    def __repr__(self) -> str:
        return "Secret(set)"

    __str__ = __repr__

    def __reduce__(self) -> str:
        raise TypeError("a secret is not written anywhere")


@dataclass(frozen=True, slots=True, kw_only=True)
class Value:
    """The value in force, and where it came from ("default", "environment RATCHET_MODEL", "<file>:<line>")."""

    name: str
    value: Scalar
    origin: str = "default"


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Every value in force. `notes` are the lines of the workspace's file that had no effect, and why."""

    values: Mapping[str, Value]
    secrets: Mapping[str, Secret] = field(default_factory=dict)
    notes: tuple[str, ...] = ()

    def text(self, name: str) -> str:
        """A value that is a text."""
        return str(self.values[name].value)

    def number(self, name: str) -> float:
        """A value that is a number."""
        value = self.values[name].value
        assert not isinstance(value, str)
        return float(value)

    def count(self, name: str) -> int:
        """A value that is a whole number."""
        return int(self.number(name))

    def flag(self, name: str) -> bool:
        """A value that is true or false."""
        return bool(self.values[name].value)

    @property
    def thresholds(self) -> Mapping[str, int | float]:
        """The figures of the gate by name, as `selfmod.gate.thresholds.Thresholds` takes them."""
        found: dict[str, int | float] = {}
        for name, held in self.values.items():
            if name.startswith("gate.") and not isinstance(held.value, str):
                found[name.removeprefix("gate.")] = held.value
        return found

    def secret(self, name: str) -> Secret | None:
        """The secret of an environment variable, None where it is not set."""
        return self.secrets.get(name)

    def to_json(self) -> dict[str, object]:
        """What `config` shows: values with their origin, and which secrets are set, never what they are."""
        shown = {name: {"value": held.value, "origin": held.origin} for name, held in self.values.items()}
        return {
            "settings": shown,
            "secrets": {name: "set" if name in self.secrets else "not set" for name in SECRETS},
            "notes": list(self.notes),
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class _Found:
    value: Scalar
    origin: str


def load(root: Path | None, state: UserState, environment: Mapping[str, str], *, model: str = "") -> Settings:
    """Return the settings in force for the workspace at `root` (None outside of one). `model` is `--model`."""
    person = _read(state.path(FILE))
    values = {setting.name: Value(name=setting.name, value=setting.default) for setting in SETTINGS}
    for name, found in person.items():
        if BY_NAME[name].rule == "workspace":
            raise ConfigError(f"{found.origin}: {name} belongs into the ratchet.toml of a workspace")
        values[name] = Value(name=name, value=found.value, origin=found.origin)
    values.update(_from_environment(environment))
    _refuse_keys_in(values["model.base_url"])
    if model:
        values["model.name"] = Value(name="model.name", value=model, origin="--model")
    notes = _tighten(values, _read(root / FILE)) if root is not None else ()
    secrets = {name: Secret(environment[name]) for name in SECRETS if environment.get(name)}
    return Settings(values=values, secrets=secrets, notes=notes)


def parse(text: str, where: str) -> dict[str, Scalar]:
    """Return the settings that a file's text holds, by dotted name; raises ConfigError with the line."""
    return {name: found.value for name, found in _parse(text, where).items()}


def _read(path: Path) -> dict[str, _Found]:
    data = read_private(path)
    if data is None:
        return {}
    try:
        return _parse(data.decode(), str(path))
    except UnicodeDecodeError as error:
        raise ConfigError(f"{path}: not UTF-8") from error


def _parse(text: str, where: str) -> dict[str, _Found]:
    if len(text) > _MOST_TEXT:
        raise ConfigError(f"{where}: larger than settings can be", hint=f"at most {_MOST_TEXT} characters")
    try:
        document = tomllib.loads(text + "\n")  # with an end to the last line, so that an error has a line
        flat = list(_flat(document, ""))
    except (ValueError, RecursionError) as error:  # also a number of thousands of digits, and endless nesting
        raise ConfigError(f"{where}: {error}", hint="ratchet.toml is written in TOML") from error
    found = {}
    for name, value in flat:
        origin = f"{where}:{_line_of(text, name)}"
        if name not in BY_NAME:
            raise ConfigError(f"{origin}: there is no setting {name!r}", hint=_nearest(name))
        found[name] = _Found(value=_checked(BY_NAME[name], value, origin), origin=origin)
    return found


def _flat(table: Mapping[str, object], prefix: str) -> Iterator[tuple[str, object]]:
    for key, value in table.items():
        if isinstance(value, dict):
            yield from _flat(value, f"{prefix}{key}.")
        else:
            yield f"{prefix}{key}", value


def _checked(setting: Setting, value: object, origin: str) -> Scalar:
    """The value, if it is of the kind that the setting takes."""
    wanted = type(setting.default)
    if wanted is float and type(value) is int:
        value = float(value)
    if not isinstance(value, (bool, int, float, str)) or type(value) is not wanted:
        raise ConfigError(f"{origin}: {setting.name} is {_KINDS[wanted]}, not {value!r}")
    if not isinstance(value, str):
        low, high = setting.least, setting.most
        if not ((low is None or value >= low) and (high is None or value <= high)):  # also refuses nan
            bounds = f"at least {low:g}" if high is None else f"between {low or 0:g} and {high:g}"
            raise ConfigError(f"{origin}: {setting.name} is {bounds}, not {value!r}")
    if setting.choices and value not in setting.choices:
        raise ConfigError(f"{origin}: {setting.name} is one of {', '.join(setting.choices)}, not {value!r}")
    return value


_KINDS = {bool: "true or false", int: "a whole number", float: "a number", str: "a text"}


def _from_environment(environment: Mapping[str, str]) -> Iterator[tuple[str, Value]]:
    for setting in SETTINGS:
        given = environment.get(setting.env, "") if setting.env else ""
        if given:
            yield setting.name, Value(name=setting.name, value=given, origin=f"environment {setting.env}")


def _refuse_keys_in(address: Value) -> None:
    """An address is shown in errors and by `config`, so nothing in it may be a secret."""
    text = str(address.value)
    if "?" in text or "@" in text.partition("://")[2].partition("/")[0]:
        message = f"{address.origin}: {address.name} holds a name, a password or a query, and an address is shown"
        raise ConfigError(message, hint="a key belongs into OPENAI_API_KEY or ARK_API_KEY")


def _tighten(values: dict[str, Value], asked: Mapping[str, _Found]) -> tuple[str, ...]:
    """Take what the workspace makes stricter into `values`; return what it asked for in vain."""
    notes = []
    for name, found in asked.items():
        rule, now = BY_NAME[name].rule, values[name].value
        if rule == "person":
            notes.append(f"{found.origin}: {name} is the person's to set, in user state or the environment; left out")
        elif rule == "workspace" or _stricter(rule, found.value, now):
            values[name] = Value(name=name, value=found.value, origin=found.origin)
        elif found.value != now:
            notes.append(f"{found.origin}: {name} = {found.value!r} is less strict than {now!r}; left out")
    return tuple(notes)


def _stricter(rule: Rule, asked: Scalar, now: Scalar) -> bool:
    assert not isinstance(asked, str)
    assert not isinstance(now, str)
    return asked > now if rule == "up" else asked < now


def _line_of(text: str, name: str) -> int:
    """The line where the dotted name is set; the header's line for what a table on one line holds."""
    table, best = "", 1
    for number, line in enumerate(text.splitlines(), start=1):
        bare = line.strip().replace(" ", "").replace('"', "").replace("'", "")
        if bare.startswith("["):
            table = bare.strip("[]").partition("]")[0] + "."
            key = table.rstrip(".")
        else:
            key = table + bare.partition("=")[0]
        if key == name:
            return number
        if name.startswith(key + ".") and bare:
            best = number
    return best


def _nearest(name: str) -> str:
    import difflib

    close = difflib.get_close_matches(name, list(BY_NAME), n=1)
    return f"did you mean {close[0]}?" if close else "`config` lists what can be set"
