"""The parameters of a tool, read from its type hints without running it, and what a word becomes by them."""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Literal, TypeAlias

from plugins.errors import ArgumentError

Kind = Literal["position", "name", "rest", "names"]
_INT = re.compile(r"[+-]?\d{1,4000}")
_TRUE, _FALSE = {"true", "yes", "on", "1"}, {"false", "no", "off", "0"}
_PLAIN = {"str", "int", "float", "bool", "bytes", "None"}
_LISTS = {"list", "tuple", "set", "frozenset", "Sequence", "Iterable", "Collection", "List", "Tuple", "Set"}
_MAPPINGS = {"dict", "Mapping", "Dict"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Hint:
    """A type hint as far as words can follow it. `name` is "any" for a hint that says nothing a word can be."""

    name: str = "any"
    inside: tuple[Hint, ...] = ()
    values: tuple[object, ...] = ()
    text: str = ""

    @property
    def many(self) -> bool:
        """Whether it takes any number of words."""
        return self.name in ("list", "tuple", "set", "frozenset")


@dataclass(frozen=True, slots=True, kw_only=True)
class Parameter:
    """One parameter of a tool. `kind` "rest" is `*args`, "names" is `**kwargs`, "name" is keyword-only."""

    name: str
    hint: Hint
    kind: Kind = "position"
    required: bool = True
    default: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Signature:
    """The parameters of a handler, and the first line of its docstring."""

    handler: str
    parameters: tuple[Parameter, ...] = ()
    summary: str = ""

    def usage(self, tool: str) -> str:
        """How the tool is called."""
        return " ".join([tool, *(_usage(parameter) for parameter in self.parameters)])

    @property
    def whole_line(self) -> Parameter | None:
        """The one parameter that gets the rest of the line: a single `str`."""
        if len(self.parameters) == 1 and self.parameters[0].kind == "position":
            only = self.parameters[0]
            return only if only.hint.name == "str" else None
        return None

    def to_schema(self) -> dict[str, object]:
        """The parameters as JSON Schema."""
        named = [parameter for parameter in self.parameters if parameter.kind in ("position", "name")]
        return {
            "type": "object",
            "properties": {parameter.name: schema(parameter.hint) for parameter in named},
            "required": [parameter.name for parameter in named if parameter.required],
            "additionalProperties": any(parameter.kind == "names" for parameter in self.parameters),
        }


def read_signature(source: bytes, handler: str) -> Signature:
    """Read a handler's signature from the source of its module; raises ArgumentError where there is none."""
    try:
        module = ast.parse(source)
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        raise ArgumentError(f"the plugin's source cannot be read: {error}") from error
    found = [
        node
        for node in module.body
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)) and node.name == handler
    ]
    if not found:
        raise ArgumentError(f"the plugin has no function {handler}")
    node = found[-1]
    summary = (ast.get_docstring(node) or "").partition("\n")[0]
    return Signature(handler=handler, parameters=tuple(_parameters(node.args)), summary=summary)


def coerce(text: str, hint: Hint, name: str) -> object:
    """What a word becomes for a parameter; raises ArgumentError in words that name the parameter."""
    try:
        return _coerced(text, hint)
    except (ValueError, RecursionError) as error:
        raise ArgumentError(f"{name}: {text!r} is not {wanted(hint)}") from error


def wanted(hint: Hint) -> str:
    """What a hint asks for, in words."""
    return _WORDS.get(hint.name) or hint.text or hint.name


def fits(value: object, hint: Hint) -> bool:
    """Whether a value is what a hint says, as far as it says anything; a whole number is a number, too."""
    match hint.name:
        case "float":
            return isinstance(value, (int, float)) and not isinstance(value, bool)
        case "int":
            return isinstance(value, int) and not isinstance(value, bool)
        case "str" | "bool" | "bytes" | "None":
            return type(value).__name__.replace("NoneType", "None") == hint.name
        case "literal":
            return any(type(value) is type(one) and value == one for one in hint.values)
        case "union":
            return any(fits(value, one) for one in hint.inside)
        case "dict":
            return isinstance(value, dict) and all(fits(one, hint.inside[-1]) for one in value.values() if hint.inside)
        case "list" | "tuple" | "set" | "frozenset":
            return _items_fit(value, hint)
        case _:
            return True


def _items_fit(value: object, hint: Hint) -> bool:
    """Whether a value is a collection of what a hint says; JSON has lists alone for all of them."""
    if not isinstance(value, (list, tuple, set, frozenset)):
        return False
    if len(hint.inside) > 1:  # tuple[int, str]: each place has its own
        return len(value) == len(hint.inside) and all(map(fits, value, hint.inside))
    return all(fits(one, hint.inside[0]) for one in value if hint.inside)


def schema(hint: Hint) -> dict[str, object]:
    """A hint as JSON Schema."""
    match hint.name:
        case "str" | "bytes":
            return {"type": "string"}
        case "int":
            return {"type": "integer"}
        case "float":
            return {"type": "number"}
        case "bool":
            return {"type": "boolean"}
        case "None":
            return {"type": "null"}
        case "list" | "tuple" | "set" | "frozenset":
            return {"type": "array", "items": schema(hint.inside[0]) if hint.inside else {}}
        case "dict":
            return {"type": "object", "additionalProperties": schema(hint.inside[-1]) if hint.inside else True}
        case "literal":
            return {"enum": list(hint.values)}
        case "union":
            return {"anyOf": [schema(one) for one in hint.inside]}
        case _:
            return {}


_WORDS = {
    "int": "a whole number",
    "float": "a number",
    "bool": "true or false",
    "dict": "a JSON object",
    "literal": "one of its values",
}


def _usage(parameter: Parameter) -> str:
    shown = {"rest": f"{parameter.name}...", "names": "--NAME VALUE...", "name": f"--{parameter.name} VALUE"}.get(
        parameter.kind, parameter.name + ("..." if parameter.hint.many else "")
    )
    return shown if parameter.required else f"[{shown}]"


def _parameters(arguments: ast.arguments) -> list[Parameter]:
    positional = [*arguments.posonlyargs, *arguments.args]
    defaults = [None] * (len(positional) - len(arguments.defaults)) + list(arguments.defaults)
    found = [_parameter(item, default, "position") for item, default in zip(positional, defaults, strict=True)]
    if arguments.vararg:
        found.append(Parameter(name=arguments.vararg.arg, hint=_hint(arguments.vararg.annotation), kind="rest",
                               required=False))  # fmt: skip
    for item, default in zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True):
        found.append(_parameter(item, default, "name"))
    if arguments.kwarg:
        found.append(Parameter(name=arguments.kwarg.arg, hint=_hint(arguments.kwarg.annotation), kind="names",
                               required=False))  # fmt: skip
    return found


def _parameter(item: ast.arg, default: ast.expr | None, kind: Kind) -> Parameter:
    shown = ast.unparse(default) if default is not None else ""
    return Parameter(name=item.arg, hint=_hint(item.annotation), kind=kind, required=default is None, default=shown)


def _hint(node: ast.expr | None) -> Hint:
    """A hint from its source; one that is written as a text is read once more."""
    if node is None:
        return Hint()
    text = ast.unparse(node)
    match node:
        case ast.Constant(value=None):
            return Hint(name="None", text=text)
        case ast.Constant(value=str(source)):
            try:
                return _hint(ast.parse(source, mode="eval").body)
            except (SyntaxError, ValueError):
                return Hint(text=text)
        case ast.BinOp(left=left, op=ast.BitOr(), right=right):
            return Hint(name="union", inside=(_hint(left), _hint(right)), text=text)
        case ast.Subscript(value=value, slice=inside):
            return _subscripted(_last_name(value), _elements(inside), text)
        case ast.Name() | ast.Attribute():
            return _named(_last_name(node), (), text)
        case _:
            return Hint(text=text)


def _subscripted(name: str, elements: list[ast.expr], text: str) -> Hint:
    if name == "Literal":
        try:
            return Hint(name="literal", values=tuple(map(ast.literal_eval, elements)), text=text)
        except ValueError:  # a member of an enumeration, which only running the code would tell
            return Hint(text=text)
    if name == "Annotated":
        return _hint(elements[0])
    inside = tuple(_hint(element) for element in elements if not _is_ellipsis(element))
    if name == "Optional":
        return Hint(name="union", inside=(*inside, Hint(name="None")), text=text)
    if name == "Union":
        return Hint(name="union", inside=inside, text=text)
    return _named(name, inside, text)


def _named(name: str, inside: tuple[Hint, ...], text: str) -> Hint:
    if name in _PLAIN:
        return Hint(name=name, text=text)
    if name in _LISTS:
        plain = name.lower()
        return Hint(name=plain if plain in ("tuple", "set", "frozenset") else "list", inside=inside, text=text)
    if name in _MAPPINGS:
        return Hint(name="dict", inside=inside, text=text)
    return Hint(text=text)


def _elements(node: ast.expr) -> list[ast.expr]:
    return list(node.elts) if isinstance(node, ast.Tuple) else [node]


def _is_ellipsis(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and node.value is ...


def _last_name(node: ast.expr) -> str:
    match node:
        case ast.Name(id=name):
            return name
        case ast.Attribute(attr=name):
            return name
        case _:
            return ""


def _coerced(text: str, hint: Hint) -> object:
    reader = _READERS.get(hint.name)
    if reader is not None:
        return reader(text)
    match hint.name:
        case "union":
            return _first_that_fits(text, hint.inside)
        case "literal":
            for value in hint.values:
                if str(value) == text:
                    return value
            raise ValueError(text)
        case "list" | "tuple" | "set" | "frozenset":
            return collected([_coerced(text, _inside(hint))], hint) if text[:1] != "[" else from_json(text, hint)
        case "dict":
            return from_json(text, hint)
        case _:
            return text


def _first_that_fits(text: str, hints: tuple[Hint, ...]) -> object:
    """A union takes the first of its parts that the word fits; `str` fits everything, so it comes last."""
    for hint in sorted(hints, key=lambda one: one.name in ("str", "any")):
        try:
            return _coerced(text, hint)
        except ValueError:
            continue
    raise ValueError(text)


def _inside(hint: Hint) -> Hint:
    return hint.inside[0] if hint.inside else Hint(name="str")


def collected(values: list[object], hint: Hint) -> object:
    """Some values as the collection that a hint asks for."""
    kinds: dict[str, Callable[[list[object]], object]] = {"tuple": tuple, "set": set, "frozenset": frozenset}
    try:
        return kinds.get(hint.name, list)(values)
    except TypeError as error:
        raise ValueError("it holds what a set cannot") from error


def from_json(text: str, hint: Hint) -> object:
    """A JSON text for a hint of a collection."""
    value = json.loads(text)
    if hint.name == "dict" and isinstance(value, dict):
        return value
    if hint.name != "dict" and isinstance(value, list):
        return collected(value, hint)
    raise ValueError(text)


def _int(text: str) -> int:
    if not _INT.fullmatch(text):
        raise ValueError(text)
    return int(text)


def _bool(text: str) -> bool:
    if text.lower() in _TRUE | _FALSE:
        return text.lower() in _TRUE
    raise ValueError(text)


def _none(text: str) -> None:
    if text.lower() not in ("none", "null", ""):
        raise ValueError(text)


_Reader: TypeAlias = Callable[[str], object]
_READERS: Mapping[str, _Reader] = {
    "str": str, "int": _int, "float": float, "bool": _bool, "bytes": str.encode, "None": _none,
}  # fmt: skip
