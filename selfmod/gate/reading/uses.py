"""What of the outside a module uses, read from its syntax: which namespaces of the SDK, with which literal names.

A literal name is compared with the manifest; a computed one is held by the sandbox to what was granted, and only its
kind is known here. What comes from the standard library and differs from call to call (a clock, a random number) is an
effect.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final
from urllib.parse import urlsplit

from sandbox.language.names import NOW
from sandbox.language.trees import assigned, constants_of
from selfmod.gate.reading.parse import Material

SDK: Final = ("plugins.sdk", "sdk")
_KINDS: Final = {
    "http": "network",
    "tcp": "network",
    "environment": "environment",
    "storage": "storage",
    "clock": "effect:clock",
    "random": "effect:random",
}
_WRITING: Final = frozenset(
    ["write", "write_text", "write_bytes", "append", "delete", "remove", "rename", "move", "mkdir"]
)
_READING: Final = frozenset(["read", "read_text", "read_bytes", "list", "exists", "stat", "iter"])
_TEXT_FIRST: Final = ("url", "path", "name", "host", "key")

# Standard-library calls whose results differ by themselves. `None`: always; a number: with at most that many arguments.
_EFFECTS: Final[dict[str, tuple[str, int | None]]] = {
    **{f"datetime.datetime.{name}": ("effect:clock", None) for name in ("now", "utcnow", "today")},
    "datetime.date.today": ("effect:clock", None),
    **{
        f"time.{name}": ("effect:clock", None)
        for name in ("time", "time_ns", "monotonic", "monotonic_ns", "perf_counter")
    },
    **{f"time.{name}": ("effect:clock", None) for name in ("perf_counter_ns", "process_time", "process_time_ns")},
    **{f"time.{name}": ("effect:clock", None) for name in ("thread_time", "thread_time_ns", "clock_gettime")},
    **{f"time.{name}": ("effect:clock", None) for name in ("timezone", "altzone", "daylight", "tzname", "mktime")},
    **{f"time.{name}": ("effect:clock", 0) for name in ("localtime", "gmtime", "ctime", "asctime")},
    # Without a zone, that of the machine is taken.
    **{f"datetime.datetime.{name}": ("effect:clock", 1) for name in ("fromtimestamp",)},
    "datetime.date.fromtimestamp": ("effect:clock", None),
    "time.strftime": ("effect:clock", 1),
    "uuid.uuid1": ("effect:random", None),
    "uuid.uuid4": ("effect:random", None),
    "random.Random": ("effect:random", 0),
}
#: More different uses than this are not judged.
MAX_USES: Final = 500
# Modules of which a part is an effect: as a value of its own, any of it may be meant.
_EFFECTFUL: Final = frozenset({"datetime", "random", "time", "uuid"})


@dataclass(slots=True)
class _Names:
    """What the names of a module stand for: dotted origins of imports, and module-level text constants."""

    origins: dict[str, list[str]] = field(default_factory=dict)
    texts: dict[str, str] = field(default_factory=dict)
    optional: frozenset[str] = frozenset()

    def dotted(self, node: ast.expr) -> list[str]:
        """Return the origins of a name or attribute chain ("plugins.sdk.http.get"); a name may be bound twice."""
        parts: list[str] = []
        while isinstance(node, ast.Attribute):
            parts.append(node.attr)
            node = node.value
        found = self.origins.get(node.id, []) if isinstance(node, ast.Name) else []
        return [".".join([origin, *reversed(parts)]) for origin in found]

    def may_be_none(self, node: ast.expr) -> bool:
        """Return whether a value may be None, or no value at all."""
        match node:
            case ast.Constant(value=value):
                return value is None
            case ast.Starred():
                return True
            case ast.Name(id=name):
                return name in self.optional
            case ast.IfExp(body=body, orelse=orelse):
                return self.may_be_none(body) or self.may_be_none(orelse)
            case ast.BoolOp(values=values):
                return self.may_be_none(values[-1])
            case ast.NamedExpr(value=value):
                return self.may_be_none(value)
            case _:
                return False

    def imports(self, module: str) -> bool:
        """Return whether anything of a module is imported."""
        return any(origin.partition(".")[0] == module for found in self.origins.values() for origin in found)


def uses(material: Material) -> list[dict[str, Any]]:
    """Section "uses": every use of something of the outside: kind, name, line, and whether the name is literal."""
    module = material.module
    if module is None:
        return []
    names = _names(module)
    called: dict[int, ast.Call | ast.Subscript] = {
        id(node.func if isinstance(node, ast.Call) else node.value): node
        for node in ast.walk(module)
        if isinstance(node, ast.Call | ast.Subscript)
    }
    inner = {id(node.value) for node in ast.walk(module) if isinstance(node, ast.Attribute)}
    found: list[dict[str, Any]] = []
    types = _types(module)
    for node in ast.walk(module):
        if isinstance(node, ast.Name | ast.Attribute) and id(node) not in inner and id(node) not in types:
            for dotted in names.dotted(node):
                found += _use(dotted, node, called.get(id(node)), names)
    found += _of_instances(module, names, called)
    found += (_made("star", "star", line, literal=False) for line in _stars(module))
    return _merged(found)


def _merged(found: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return each use once, where it stands first; of too many none is judged, since any may be the one that counts."""
    merged: dict[tuple[str, str, bool], dict[str, Any]] = {}
    for item in sorted(found, key=lambda item: item["line"]):
        merged.setdefault((item["kind"], item["name"], item["literal"]), item)
    if len(merged) > MAX_USES:
        raise ValueError(f"it uses {len(merged)} different things of the outside, more than {MAX_USES}")
    return list(merged.values())


def _names(module: ast.Module) -> _Names:
    names = _Names()
    for node in ast.walk(module):
        match node:
            case ast.Import(names=imported):
                for alias in imported:
                    top = alias.name.partition(".")[0]
                    names.origins.setdefault(alias.asname or top, []).append(alias.name if alias.asname else top)
            case ast.ImportFrom(module=str() as origin, names=imported, level=0):
                for alias in imported:
                    names.origins.setdefault(alias.asname or alias.name, []).append(f"{origin}.{alias.name}")
            case _:
                pass
    for name, value in constants_of(module).items():
        text, whole = _text(value, names)
        if whole:
            names.texts[name] = text
    names.optional = frozenset(_optional(module, names))
    return names


def _optional(module: ast.Module, names: _Names) -> set[str]:
    """Return the variables that may be None: by their hint or their default, or since such a value is given to them."""
    found = {name for node in ast.walk(module) if isinstance(node, ast.arguments) for name in _optional_of(node)}
    while True:
        names.optional = frozenset(found)
        given = (pair for node in ast.walk(module) for pair in assigned(node))
        added = {name for name, value in given if names.may_be_none(value)} - found
        if not added:
            return found
        found |= added


def _optional_of(arguments: ast.arguments) -> Iterator[str]:
    positional = [*arguments.posonlyargs, *arguments.args]
    defaults = [None] * (len(positional) - len(arguments.defaults)) + list(arguments.defaults)
    pairs = [*zip(positional, defaults, strict=True), *zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True)]
    for parameter, default in pairs:
        hint = parameter.annotation
        said = ast.unparse(hint) if hint else ""
        vague = hint is None or re.search(r"\b(?:None|Optional|Any|object)\b", said)
        if vague or (isinstance(default, ast.Constant) and default.value is None):
            yield parameter.arg


def _stars(module: ast.Module) -> Iterator[int]:
    for node in ast.walk(module):
        if isinstance(node, ast.ImportFrom) and node.module in SDK and any(alias.name == "*" for alias in node.names):
            yield node.lineno


def _use(dotted: str, node: ast.expr, use: ast.Call | ast.Subscript | None, names: _Names) -> Iterator[dict[str, Any]]:
    for sdk in SDK:
        if dotted == sdk or dotted.startswith(f"{sdk}."):
            yield from _sdk(dotted[len(sdk) + 1 :], node, use, names)
            return
    call = use if isinstance(use, ast.Call) else None
    if dotted in _EFFECTFUL:
        yield _made("star", dotted, node.lineno, literal=False)
        return
    kind, most = _EFFECTS.get(dotted, ("", None))
    if not kind and dotted.startswith("random.") and dotted.count(".") == 1:
        kind, most = "effect:random", None
    if kind and (call is None or most is None or _given(call, names) <= most):
        yield _made(kind, kind, node.lineno, literal=True)


def _given(call: ast.Call, names: _Names) -> int:
    """Return how many arguments a call surely has: None counts as none, and so does what may be None or missing."""
    values = [*call.args, *(keyword.value for keyword in call.keywords if keyword.arg)]
    return sum(1 for value in values if not names.may_be_none(value))


def _types(module: ast.Module) -> set[int]:
    """The nodes that stand for a type only: in hints, and in the second place of isinstance."""
    hints: list[ast.expr | None] = []
    for node in ast.walk(module):
        match node:
            case ast.arg(annotation=hint) | ast.AnnAssign(annotation=hint):
                hints.append(hint)
            case ast.FunctionDef(returns=hint) | ast.AsyncFunctionDef(returns=hint):
                hints.append(hint)
            case ast.Call(func=ast.Name(id="isinstance" | "issubclass"), args=[_, kinds]):
                hints.append(kinds)
            case _:
                pass
    return {id(part) for hint in hints if hint for part in ast.walk(hint)}


def _sampled(use: ast.Call | ast.Subscript | None, node: ast.Attribute, names: _Names) -> Iterator[dict[str, Any]]:
    """Samples of a distribution are drawn at random, but for a seed."""
    seeds: list[ast.expr] = []
    if isinstance(use, ast.Call) and not any(isinstance(one, ast.Starred) for one in use.args):
        seeds = [*use.args[1:2], *(keyword.value for keyword in use.keywords if keyword.arg == "seed")]
    if not any(not names.may_be_none(seed) for seed in seeds):
        yield _made("effect:random", "effect:random", node.lineno, literal=True)


def _of_instances(
    module: ast.Module, names: _Names, called: Mapping[int, ast.Call | ast.Subscript]
) -> Iterator[dict[str, Any]]:
    """The clock and the zone read through a date (`day.today()`), and what is drawn at random without a seed."""
    dates, random = names.imports("datetime"), names.imports("random")
    bases = [base for node in ast.walk(module) if isinstance(node, ast.ClassDef) for base in node.bases]
    heirs = any(origin.startswith("datetime.") for base in bases for origin in names.dotted(base))
    for node in ast.walk(module):
        match node:
            case ast.Attribute(value=ast.Name(id="self" | "cls"), attr=attribute) if attribute in NOW and not heirs:
                pass
            case ast.Attribute(attr=attribute) if attribute in NOW and dates and not names.dotted(node):
                yield _made("effect:clock", "effect:clock", node.lineno, literal=True)
            case ast.Call(func=ast.Attribute(attr="seed") as function) if random and not names.dotted(function):
                if not _given(node, names):
                    yield _made("effect:random", "effect:random", node.lineno, literal=True)
            case ast.Attribute(attr="samples") if names.imports("statistics"):
                yield from _sampled(called.get(id(node)), node, names)
            case ast.Attribute(attr="astimezone") if dates:
                use = called.get(id(node))
                if not isinstance(use, ast.Call) or not _given(use, names):
                    yield _made("effect:clock", "effect:clock", node.lineno, literal=True)
            case _:
                pass


def _sdk(rest: str, node: ast.expr, use: ast.Call | ast.Subscript | None, names: _Names) -> Iterator[dict[str, Any]]:
    namespace, _, method = rest.partition(".")
    call = use if isinstance(use, ast.Call) else None
    if namespace == "files":
        yield from _files(method, node, call, names)
    elif namespace in ("", "testing"):
        # The SDK as a value: any of its namespaces may be behind it.
        yield _made("star", "star", node.lineno, literal=False)
    elif namespace == "environment" and isinstance(use, ast.Subscript):
        text, whole = _text(use.slice, names)
        yield _made("environment", f"environment:{text}" if whole else "environment", node.lineno, literal=whole)
    elif kind := _KINDS.get(namespace):
        name = _name(kind, namespace, call, names) if method and call else ""
        whole = kind in ("storage", "effect:clock", "effect:random")
        yield _made(kind, kind if whole else name or kind, node.lineno, literal=whole or bool(name))


def _files(method: str, node: ast.expr, call: ast.Call | None, names: _Names) -> Iterator[dict[str, Any]]:
    kinds = ["write"] if method in _WRITING else ["read"] if method in _READING else []
    if not kinds:
        yield _made("indirect", "files", node.lineno, literal=False)
        return
    text, whole = _text(_first(call), names) if call else ("", False)
    for kind in kinds:
        yield _made(kind, f"{kind}:{text}" if whole else kind, node.lineno, literal=whole)


def _name(kind: str, namespace: str, call: ast.Call, names: _Names) -> str:
    """Return the capability that a call names literally, or "" when it computes the name."""
    text, whole = _text(_first(call), names)
    if kind == "environment":
        return f"environment:{text}" if whole else ""
    if namespace == "tcp":
        port = call.args[1] if len(call.args) > 1 else next((k.value for k in call.keywords if k.arg == "port"), None)
        if whole and isinstance(port, ast.Constant) and isinstance(port.value, int):
            return f"network:{text.lower()}:{port.value}"
        return ""
    return _host(text, whole=whole)


def _host(text: str, *, whole: bool) -> str:
    """Return "network:host:port" of the beginning of an address, if host and port are surely complete in it."""
    scheme, mark, rest = text.partition("://")
    ends = any(end in rest for end in "/?#")
    if not mark or scheme.lower() not in ("http", "https") or not (whole or ends):
        return ""
    try:
        parts = urlsplit(text)
        port = parts.port or (443 if scheme.lower() == "https" else 80)
    except ValueError:
        return ""
    return f"network:{parts.hostname}:{port}" if parts.hostname else ""


def _first(call: ast.Call) -> ast.expr | None:
    """Return the argument that names what is asked for; `request(method, url)` has it in second place."""
    position = 1 if isinstance(call.func, ast.Attribute) and call.func.attr in ("request", "stream") else 0
    named = next((keyword.value for keyword in call.keywords if keyword.arg in _TEXT_FIRST), None)
    if len(call.args) > position and not any(isinstance(arg, ast.Starred) for arg in call.args):
        return call.args[position]
    return named


def _text(node: ast.expr | None, names: _Names) -> tuple[str, bool]:
    """Return the literal text that an expression begins with, and whether that is all of it."""
    match node:
        case ast.Constant(value=str() as text):
            return text, True
        case ast.Name(id=name) if name in names.texts:
            return names.texts[name], True
        case ast.JoinedStr(values=values):
            return _joined(values, names)
        case ast.FormattedValue(value=value, format_spec=None, conversion=-1):
            return _text(value, names)
        case ast.BinOp(left=left, op=ast.Add(), right=right):
            return _joined([left, right], names)
        case _:
            return "", False


def _joined(parts: list[ast.expr], names: _Names) -> tuple[str, bool]:
    text = ""
    for part in parts:
        more, whole = _text(part, names)
        text += more
        if not whole:
            return text, False
    return text, True


def _made(kind: str, name: str, line: int, *, literal: bool) -> dict[str, Any]:
    return {"kind": kind, "name": name[:300], "line": line, "literal": literal}
