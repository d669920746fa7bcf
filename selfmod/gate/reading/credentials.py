"""Credentials that a module holds itself: in headers, addresses and keys, however they come there.

A credential comes from the environment, the storage or an argument. What goes into one is followed through names,
functions, defaults and either side of an `or`; each constant in it is one that everybody who reads the source has. A
word that says how the credential is sent is none.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from typing import Final

from sandbox.language.trees import assigned, last_name
from selfmod.gate.reading.folding import Folder
from selfmod.gate.reading.parse import Found, found

_HEADER: Final = re.compile(
    r"(?!.*[cx]srf)(?:proxy-)?authorization|(?!.*[cx]srf)(?:x-)?(?:[a-z]{1,20}-){0,3}(?:api-?key|token|secret|password|auth|access-key)",
    re.IGNORECASE,
)
_FIELD: Final = re.compile(
    r"(?:[a-z]{1,20}_)?(?:api_?key|access_?key|(?:access|auth|refresh|bearer|bot|api)_?token|token"
    r"|password|passwd|passphrase|secret)",
    re.IGNORECASE,
)
_OWN: Final = re.compile(
    r"(?:.*_)?(?:password|passwd|passphrase|secret|credentials?"
    r"|(?:api|access|auth|private|secret|signing|encryption|master)_?key"
    r"|(?:auth|access|api|bearer|refresh|bot|session|id)_?token)",
    re.IGNORECASE,
)
_WORD: Final = re.compile(r"password|passwd|passphrase|secret|credential|token|oauth|key\b|key_|_key", re.IGNORECASE)
_QUERY: Final = re.compile(
    r"[?&](?:api_?key|(?:access_|auth_)?token|password|passwd|pwd|(?:client_)?secret|sig|signature)=([^&\s#]*)$",
    re.IGNORECASE,
)
_USER: Final = re.compile(r"://[^/\s:@]*:$")
_LOGIN: Final = re.compile(r"(?:^|\n)(?:PASS|AUTH(?: PLAIN| LOGIN)?|LOGIN \S+) (?P<told>[^\s{}%]*)")
_SESSION: Final = re.compile(r"(?:sess|sid|auth|token)\w*=(?P<told>[^;\s]{6,})", re.IGNORECASE)
# How a credential is sent, or whose it is: "Bearer ", "Api-Key: ", "admin:".
_SCHEME: Final = re.compile(
    r"(?:[a-z0-9]{1,12}[-_])*(?:api|access|user|shared|google|signed|genie|o)?(?:auth|key|token|bearer|basic|hmac|sign"
    r"|signature|digest|login|session|credential|bot|splunk|aws\d|key-?id|id|algorithm|headers|sha\d+)(?:[-_][a-z0-9]{1,12})*"
    r"[=:]?|[a-z]{1,20}[=:]",
    re.IGNORECASE,
)
_PIECES: Final = re.compile(r"[^\s=:,;\"']+[=:]?")
_NOT_ONE: Final = re.compile(
    r"(?:[A-Za-z]+[ _-])*(?:demo|example|anonymous|public|guest|none|null|test|dummy|placeholder|changeme|change|your"
    r"|default|unset|missing|redacted|xxx+)(?:[ _-][A-Za-z]+)*|[<{*.].*",
    re.IGNORECASE,
)
_LEAST, _LEAST_NAMED, _LONGEST_WORD = 4, 6, 24
_DEEPEST: Final = 30
_SAME: Final = frozenset(
    {"encode", "decode", "strip", "lstrip", "rstrip", "lower", "upper", "swapcase", "title", "hex"}
)
_PASSING: Final = frozenset(
    {"str", "bytes", "bytearray", "quote", "quote_plus", "b64encode", "urlsafe_b64encode", "standard_b64encode", "next"}
)
_DEFAULTING: Final = frozenset({"get", "setdefault", "pop", "getattr"})
_HINT: Final = "take it from `environment`, the storage or an argument, and refuse to go on without it"
Function = ast.FunctionDef | ast.AsyncFunctionDef


def credentials(tree: ast.Module, path: str) -> Iterator[Found]:
    """Yield where a constant goes into a credential, each line once."""
    flow, lines = _Flow(tree), set[int]()
    for line, value, name in (*_sent(tree, flow), *_keys(tree)):
        texts = (text for text in flow.constants(value) if not (name.startswith("the field") and " " in text))
        if line not in lines and any(map(_is_secret, texts)):
            lines.add(line)
            yield found("policy.credential", f"a constant goes into {name}", path, line, hint=_HINT, key=name)
    for line, name in _named(tree, flow):
        if line not in lines:
            lines.add(line)
            yield found("policy.credential", f"{name} is a constant here", path, line, hint=_HINT, key=name)


def _is_secret(text: str) -> bool:
    """Return whether a constant in a credential is more than the word for how it is sent."""
    return any(
        len(piece.strip("=:")) >= _LEAST
        and not (len(piece) <= _LONGEST_WORD and _SCHEME.fullmatch(piece))
        and not _NOT_ONE.fullmatch(piece)
        and not _is_label(piece)
        for piece in _PIECES.findall(text)
    )


def _is_label(text: str) -> bool:
    """Return whether a text names a secret and is none: `api_token`, "Password: "."""
    return _WORD.search(text) is not None and not any(map(str.isdigit, text))


class _Flow:
    """Follows values through a module."""

    def __init__(self, tree: ast.Module) -> None:
        self._folder = Folder(tree)
        self.functions = {node.name: node for node in ast.walk(tree) if isinstance(node, Function)}
        self._given: dict[str, list[ast.expr]] = {}
        for node in ast.walk(tree):
            self._gather(node)

    def _gather(self, node: ast.AST) -> None:
        for name, value in assigned(node):
            self._give(name, value)
        match node:
            case ast.Assign(targets=targets, value=value):
                for target in targets:
                    if isinstance(target, ast.Attribute):
                        self._give(f".{target.attr}", value)
                    elif isinstance(target, ast.Tuple) and isinstance(value, ast.Tuple):
                        for one, item in zip(target.elts, value.elts, strict=False):
                            self._give(last_name(one), item)
            case ast.AugAssign(target=ast.Name(id=name), value=value) | ast.For(target=ast.Name(id=name), iter=value):
                self._give(name, value)
            case ast.comprehension(target=ast.Name(id=name), iter=value):
                self._give(name, value)
            case ast.ClassDef(body=body):
                for name, value in (pair for part in body for pair in assigned(part)):
                    self._give(f".{name}", value)
            case ast.arguments():
                self._defaults(node)
            case ast.Call():
                self._call(node)
            case _:
                pass

    def _give(self, name: str, value: ast.expr) -> None:
        self._given.setdefault(name, []).append(value)

    def _defaults(self, node: ast.arguments) -> None:
        positional = [*node.posonlyargs, *node.args]
        pairs = [*zip(reversed(positional), reversed(node.defaults), strict=False)]
        pairs += [(one, value) for one, value in zip(node.kwonlyargs, node.kw_defaults, strict=True) if value]
        for parameter, value in pairs:
            self._give(parameter.arg, value)

    def _call(self, node: ast.Call) -> None:
        """What parameters of the module's own functions are given, and fields of its classes."""
        function = self.functions.get(last_name(node.func))
        for keyword in node.keywords:
            if keyword.arg:
                self._give(f".{keyword.arg}", keyword.value)
                if function is not None:
                    self._give(keyword.arg, keyword.value)
        if function is not None:
            for parameter, value in zip((*function.args.posonlyargs, *function.args.args), node.args, strict=False):
                self._give(parameter.arg, value)

    def constants(self, node: ast.expr | None, seen: frozenset[str] = frozenset(), depth: int = 0) -> Iterator[str]:
        """Yield the constant texts that go into a value, whichever way it comes about."""
        if node is None or depth > _DEEPEST:
            return
        known, value = self._folder.fold(node)
        if known:
            yield from _texts(value)
            return
        for part, name in self._parts(node):
            if name not in seen:
                yield from self.constants(part, seen | {name} if name else seen, depth + 1)

    def _parts(self, node: ast.expr) -> Iterator[tuple[ast.expr, str]]:
        """What a value is made of, with the name that it came by."""
        match node:
            case ast.JoinedStr(values=parts) | ast.BoolOp(values=parts) | ast.Tuple(elts=parts) | ast.List(elts=parts):
                yield from ((part, "") for part in parts)
            case ast.FormattedValue(value=value) | ast.NamedExpr(value=value) | ast.Subscript(value=value):
                yield value, ""
            case ast.Await(value=value) | ast.Starred(value=value):
                yield value, ""
            case ast.BinOp(left=left, right=right) | ast.IfExp(body=left, orelse=right):
                yield from ((left, ""), (right, ""))
            case ast.Dict(values=values):
                yield from ((value, "") for value in values)
            case ast.GeneratorExp(elt=element) | ast.ListComp(elt=element):
                yield element, ""
            case ast.Name(id=name):
                yield from ((value, name) for value in self._given.get(name, ()))
            case ast.Attribute(attr=name):
                yield from ((value, f".{name}") for value in self._given.get(f".{name}", ()))
            case ast.Call():
                yield from self._of_call(node)
            case _:
                pass

    def _of_call(self, node: ast.Call) -> Iterator[tuple[ast.expr, str]]:
        name = last_name(node.func)
        if name in self.functions:
            returned = [part.value for part in ast.walk(self.functions[name]) if isinstance(part, ast.Return)]
            yield from ((value, f"{name}()") for value in returned if value)
        elif name in _DEFAULTING:
            given = [*node.args[1:], *(one.value for one in node.keywords if one.arg == "default")]
            held = [node.func.value] if isinstance(node.func, ast.Attribute) else []
            yield from ((value, "") for value in (*held, *given))
        elif name in _PASSING:
            yield from ((value, "") for value in node.args[:1])
        elif isinstance(node.func, ast.Attribute) and name in _SAME | {"join", "replace", "format"}:
            taken = [] if name in _SAME else node.args[-1:]
            yield from ((value, "") for value in (node.func.value, *taken))


def _texts(value: object) -> Iterator[str]:
    if isinstance(value, bytes):
        yield value.decode("latin-1")
    elif isinstance(value, str):
        yield value
    elif isinstance(value, list | dict):
        for one in value.values() if isinstance(value, dict) else value:
            yield from _texts(one)


def _sent(tree: ast.Module, flow: _Flow) -> Iterator[tuple[int, ast.expr, str]]:
    """Yield (line, value, name) of what is sent as a credential: in headers, fields of requests, and addresses."""
    networked = any(_is_network(node) for node in ast.walk(tree))
    for node in ast.walk(tree):
        for key, value in _pairs(node):
            name = key if isinstance(key, str) else next(flow.constants(key), "")
            if _HEADER.fullmatch(name) and ("-" in name or "auth" in name.lower()):
                yield value.lineno, value, f"the header {name[:40]}"
            elif networked and _FIELD.fullmatch(name):
                yield value.lineno, value, f"the field {name[:40]}"
            elif name.lower() == "cookie" and any(map(_SESSION.search, flow.constants(value))):
                yield value.lineno, value, "the header Cookie"
        match node:
            case ast.JoinedStr(values=parts):
                texts = [_told(part) for part in parts]
                for before, part, after in zip(texts, parts[1:], [*texts[2:], ""], strict=False):
                    if _QUERY.search(before) or (_USER.search(before) and after.startswith("@")):
                        yield node.lineno, part, "an address"
                    elif networked and (seen := _LOGIN.search(before)) and seen.end() == len(before):
                        yield node.lineno, part, "a login"
            case ast.BinOp(left=left, op=ast.Add(), right=right) if networked:
                if any(_QUERY.search(text) for text in flow.constants(left)):
                    yield node.lineno, right, "an address"
            case ast.Constant(value=str() | bytes()):
                yield from _written(node, networked=networked)
            case _:
                pass


def _told(node: ast.expr) -> str:
    value = node.value if isinstance(node, ast.Constant) else ""
    return value.decode("latin-1") if isinstance(value, bytes) else value if isinstance(value, str) else ""


def _written(node: ast.Constant, *, networked: bool) -> Iterator[tuple[int, ast.expr, str]]:
    """What one text says as a whole: an address with a credential, the words of a login."""
    text = _told(node)
    if (seen := _QUERY.search(text)) and len(seen[1]) >= _LEAST_NAMED:
        yield node.lineno, ast.Constant(value=seen[1]), "an address"
    if networked and (seen := _LOGIN.search(text)) and seen["told"]:
        yield node.lineno, ast.Constant(value=seen["told"]), "a login"


def _is_network(node: ast.AST) -> bool:
    match node:
        case ast.ImportFrom(module="plugins.sdk" | "sdk", names=names):
            return any(one.name in ("http", "tcp", "*") for one in names)
        case ast.Import(names=names):
            return any(one.name in ("plugins.sdk", "sdk") for one in names)
        case _:
            return False


def _pairs(node: ast.AST) -> Iterator[tuple[str | ast.expr, ast.expr]]:
    """Yield names and what is given under them: in dicts, items, pairs, and arguments of `dict`."""
    match node:
        case ast.Dict(keys=keys, values=values):
            yield from ((key, value) for key, value in zip(keys, values, strict=True) if key)
        case ast.Assign(targets=[ast.Subscript(slice=key)], value=value):
            yield key, value
        case ast.Tuple(elts=[key, value]):
            yield key, value
        case ast.Call(func=ast.Attribute(attr="setdefault" | "add_header"), args=[key, value, *_]):
            yield key, value
        case ast.Call(func=ast.Name(id="dict"), keywords=keywords):
            yield from ((one.arg, one.value) for one in keywords if one.arg)
        case _:
            pass


def _keys(tree: ast.Module) -> Iterator[tuple[int, ast.expr, str]]:
    """Yield the keys of message digests."""
    for node in ast.walk(tree):
        match node:
            case ast.Call(func=ast.Attribute(value=ast.Name(id="hmac"), attr="new" | "digest"), args=[key, *_]):
                yield node.lineno, key, "the key of a digest"
            case ast.Call(func=function, keywords=keywords) if last_name(function) in ("blake2b", "blake2s", "new"):
                keys = [one.value for one in keywords if one.arg == "key"]
                yield from ((node.lineno, key, "the key of a digest") for key in keys)
            case _:
                pass


def _named(tree: ast.Module, flow: _Flow) -> Iterator[tuple[int, str]]:
    """Yield (line, name) of what is called a password or a key and is a constant, or is compared with one."""
    for node in ast.walk(tree):
        pairs = [*assigned(node)]
        match node:
            case ast.arguments(args=args, defaults=defaults):
                given = zip(reversed(args), reversed(defaults), strict=False)
                pairs += [(one.arg, value) for one, value in given]
            case ast.Compare(left=left, ops=[ast.Eq() | ast.NotEq()], comparators=[right]):
                pairs += [(last_name(left), right), (last_name(right), left)]
            case ast.Call(func=function, args=[left, right]) if last_name(function) == "compare_digest":
                pairs += [(last_name(left), right), (last_name(right), left)]
            case _:
                pass
        for name, value in pairs:
            if _OWN.fullmatch(name) and any(_is_kept_secret(text) for text in flow.constants(value)):
                yield value.lineno, name


def _is_kept_secret(text: str) -> bool:
    """Return whether a constant is a secret itself: no label for one, and no name under which it is kept elsewhere."""
    return (
        len(text) >= _LEAST_NAMED
        and not _is_label(text)
        and not _NOT_ONE.fullmatch(text)
        and not text.endswith((".", ": "))
    )
