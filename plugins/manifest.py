"""`plugin.yaml`: everything that can be known of a plugin without running its code.

One pydantic model, read from a strict part of YAML and published as JSON Schema. What is not in the schema is an error
with line and column, never ignored: a field that someone believes to be in force must be in force.
"""

from __future__ import annotations

import json
import keyword
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Literal, TypeAlias

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from plugins.yaml_subset import Data, Document, YamlError, read
from sandbox.limits import Limits as SandboxLimits
from sandbox.policy import Policy

Effect: TypeAlias = Literal["clock", "random"]
Type: TypeAlias = Literal["tool", "model", "prompt", "context", "executor"]
Runtime: TypeAlias = Literal["python", "wasm", "process"]
Floor: TypeAlias = Literal["process", "wasm", "container"]

_ONE_LINE = r"^[^\n]*$"
_NAME = r"^[a-z][a-z0-9_-]{0,63}$"
_HANDLER = r"^[A-Za-z][A-Za-z0-9_]{0,63}$"
_VARIABLE = r"^[A-Za-z_][A-Za-z0-9_]{0,127}$"
_MODULE = r"^[a-z][a-z0-9_]{0,63}\.py$"
_LINK = r"^(https://[!-~]+)?$"
ID = r"^[a-z][a-z0-9-]{1,63}$"
_NUMBER = r"(0|[1-9][0-9]{0,8})"
SEMVER = (
    rf"^{_NUMBER}\.{_NUMBER}\.{_NUMBER}(-[0-9A-Za-z]+(\.[0-9A-Za-z]+){{0,7}})?(\+[0-9A-Za-z]+(\.[0-9A-Za-z]+){{0,7}})?$"
)
_HOST = re.compile(
    r"(?=.{1,253}:)([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)(\.[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)*:([1-9][0-9]{0,4})"
)
_NEVER = ("/proc", "/sys", "/dev", "/run", "/var/run", "~/.local/state/ratchet")

Line = Annotated[str, Field(min_length=1, max_length=200, pattern=_ONE_LINE)]
OptionalLine = Annotated[str, Field(max_length=200, pattern=_ONE_LINE)]
Name = Annotated[str, Field(pattern=_NAME)]
Handler = Annotated[str, Field(pattern=_HANDLER)]
_VERSION = "write three numbers, such as 0.1.0"
# What a person is told in place of a pattern.
_FORMS: Mapping[str, str] = {
    ID: "write 2 to 64 small letters, digits and hyphens, a letter first, such as word-count",
    SEMVER: _VERSION,
    _ONE_LINE: "write it on one line",
    _NAME: "write up to 64 small letters, digits, hyphens and underscores, a letter first, such as word-count",
    _HANDLER: "write the name of a function without an underscore in front, such as count_words",
    _VARIABLE: "write the name of a variable, such as EXAMPLE_TOKEN",
    _MODULE: "write the name of the module, such as plugin.py",
    _LINK: "write an address that begins with https://",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """One thing that is wrong with a manifest, and where; `field` is the dotted name of what it is about."""

    rule: str
    message: str
    line: int = 1
    column: int = 1
    field: str = ""


class ManifestError(ValueError):
    """A manifest is not valid: `problems` has every one that could be found."""

    def __init__(self, problems: tuple[Problem, ...]) -> None:
        self.problems = problems
        super().__init__("; ".join(f"line {p.line}, column {p.column}: {p.message}" for p in problems))


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class Tool(_Part):
    """A function that can be called by name."""

    name: Name
    handler: Handler
    description: OptionalLine = ""

    @field_validator("handler")
    @classmethod
    def _a_name(cls, handler: str) -> str:
        if keyword.iskeyword(handler):
            raise ValueError(f"{handler!r} is a word of Python, not the name of a function")
        return handler


class Command(Tool):
    """A tool that a person calls as /name."""


class Filesystem(_Part):
    """Files and folders by absolute or `~/` path; a folder means everything under it."""

    read: tuple[str, ...] = Field(default=(), max_length=16)
    write: tuple[str, ...] = Field(default=(), max_length=16)

    @field_validator("read", "write")
    @classmethod
    def _plain_paths(cls, paths: tuple[str, ...]) -> tuple[str, ...]:
        for path in paths:
            if reason := path_problem(path):
                raise ValueError(f"{path!r}: {reason}")
        return _different(paths)


class Capabilities(_Part):
    """What of the outside the plugin may touch; what is not listed does not exist for it."""

    network: tuple[str, ...] = Field(default=(), max_length=16)
    filesystem: Filesystem = Filesystem()
    environment: tuple[Annotated[str, Field(pattern=_VARIABLE)], ...] = Field(default=(), max_length=32)
    storage: bool = False

    @field_validator("network")
    @classmethod
    def _hosts(cls, hosts: tuple[str, ...]) -> tuple[str, ...]:
        for host in hosts:
            if not (found := _HOST.fullmatch(host)) or int(found.group(5)) > 65535:
                raise ValueError(f'{host!r} is not "host:port" in small letters, without wildcards')
        return _different(hosts)

    @field_validator("environment")
    @classmethod
    def _names(cls, names: tuple[str, ...]) -> tuple[str, ...]:
        return _different(names)

    def names(self) -> tuple[str, ...]:
        """Return each capability by the name that specs, reviews and approvals use for it."""
        return (
            *(f"network:{host}" for host in self.network),
            *(f"read:{path}" for path in self.filesystem.read),
            *(f"write:{path}" for path in self.filesystem.write),
            *(f"environment:{name}" for name in self.environment),
            *(("storage",) if self.storage else ()),
        )

    def to_policy(self, effects: tuple[str, ...] = ()) -> Policy:
        """Return what the sandbox enforces."""
        return Policy(
            network=self.network,
            read=self.filesystem.read,
            write=self.filesystem.write,
            environment=self.environment,
            storage=self.storage,
            effects=effects,
        )


class Limits(_Part):
    """Ceilings of one plugin; MB is 2**20 bytes."""

    memory_mb: int = Field(default=100, ge=16, le=4096)
    cpu_percent: int = Field(default=10, ge=1, le=100)
    disk_mb: int = Field(default=50, ge=1, le=1024)
    network_mb: int = Field(default=10, ge=0, le=1024)
    wall_s: float = Field(default=30, gt=0, le=600)
    open_files: int = Field(default=64, ge=16, le=1024)
    processes: int = Field(default=1, ge=1, le=16)
    concurrent_calls: int = Field(default=5, ge=1, le=64)

    def to_limits(self) -> SandboxLimits:
        """Return what the sandbox enforces."""
        return SandboxLimits(**self.model_dump(), file_mb=self.disk_mb)


class Manifest(_Part):
    """The manifest of one plugin."""

    schema_: Literal[1] = Field(alias="schema")
    id: str = Field(pattern=ID)
    name: Line
    version: str = Field(pattern=SEMVER, max_length=64)
    description: Annotated[str, Field(min_length=1, max_length=500, pattern=_ONE_LINE)]
    author: OptionalLine = ""
    license: str = Field(min_length=1, max_length=100)
    type: Type = "tool"
    runtime: Runtime = "python"
    sandbox: Floor = "process"
    entry: str = Field(pattern=_MODULE)
    requires: str = Field(default=">=0.1,<1", max_length=100)
    dependencies: dict[Annotated[str, Field(pattern=ID)], str] = Field(default={}, max_length=32)
    packages: tuple[str, ...] = Field(default=(), max_length=32)
    tools: tuple[Tool, ...] = Field(default=(), max_length=32)
    commands: tuple[Command, ...] = Field(default=(), max_length=32)
    effects: tuple[Effect, ...] = Field(default=(), max_length=2)
    capabilities: Capabilities = Capabilities()
    limits: Limits = Limits()
    config: dict[str, Any] = Field(default={}, max_length=64)
    keywords: tuple[Annotated[str, Field(min_length=1, max_length=40, pattern=_ONE_LINE)], ...] = Field(
        default=(), max_length=16
    )
    homepage: str = Field(default="", max_length=200, pattern=_LINK)
    repository: str = Field(default="", max_length=200, pattern=_LINK)

    @field_validator("schema_", mode="before")
    @classmethod
    def _number(cls, number: object) -> object:
        if type(number) is not int:  # True and 1.0 equal 1, and are not what the schema of a manifest is called
            raise ValueError(f"write schema: 1, not {json.dumps(number)[:40]}")
        return number

    @field_validator("license")
    @classmethod
    def _spdx(cls, license_: str) -> str:
        from packaging.licenses import InvalidLicenseExpression, canonicalize_license_expression

        try:
            canonical = canonicalize_license_expression(license_)
        except InvalidLicenseExpression as error:
            raise ValueError(f"{license_!r} is not an SPDX licence expression (such as MIT or Apache-2.0)") from error
        if canonical != license_:
            raise ValueError(f"{license_!r} is written {canonical!r} in SPDX")
        return license_

    @field_validator("requires")
    @classmethod
    def _versions(cls, requires: str) -> str:
        return _specifier(requires)

    @field_validator("dependencies")
    @classmethod
    def _pinned(cls, dependencies: dict[str, str]) -> dict[str, str]:
        for name, specifier in dependencies.items():
            if not specifier:
                raise ValueError(f"say which versions of {name!r} it needs")
            _specifier(specifier)
        return dependencies

    @field_validator("effects")
    @classmethod
    def _each_once(cls, effects: tuple[Effect, ...]) -> tuple[Effect, ...]:
        _different(effects)
        return effects

    @model_validator(mode="after")
    def _usable(self) -> Manifest:
        if not self.tools and not self.commands:
            raise ValueError("at least one tool or command is needed")
        _different(tuple(tool.name for tool in self.tools))
        _different(tuple(command.name for command in self.commands))
        return self

    def capability_names(self) -> tuple[str, ...]:
        """Return what approving this grants, by name: capabilities, then effects."""
        return (*self.capabilities.names(), *(f"effect:{effect}" for effect in self.effects))

    def to_policy(self) -> Policy:
        """Return what the sandbox enforces for this plugin."""
        return self.capabilities.to_policy(self.effects)

    def to_data(self) -> dict[str, Any]:
        """Return the whole manifest as plain data, defaults included."""
        return self.model_dump(mode="json", by_alias=True)


def path_problem(path: str) -> str:
    """Return why a path cannot be granted, or ""."""
    inside = path.removeprefix("~") if path.startswith("~/") else path
    if not inside.startswith("/") or len(path) > 400 or "\n" in path:
        return "a path is absolute or starts with ~/"
    parts = inside[1:].split("/")
    if "" in parts or "." in parts or ".." in parts:
        return "write it without //, . or .., and without a slash at the end"
    if any(part.casefold() == ".git" for part in parts):
        return "what is inside .git can never be granted"
    for never in _NEVER:
        if path == never or path.startswith(f"{never}/") or never.startswith(f"{path}/"):
            return f"it would reach {never}, which can never be granted"
    return ""


def _different(values: tuple[str, ...]) -> tuple[str, ...]:
    for position, value in enumerate(values):
        if value in values[:position]:
            raise ValueError(f"{value!r} is there twice")
    return values


def _specifier(text: str) -> str:
    from packaging.specifiers import InvalidSpecifier, SpecifierSet

    try:
        SpecifierSet(text)
    except InvalidSpecifier as error:
        raise ValueError(f'{text!r} is not a version specifier such as ">=0.1,<1"') from error
    return text


def id_problem(name: str) -> str:
    """Return why no plugin can have this id, or ""."""
    return "" if re.fullmatch(ID, name) else _FORMS[ID]


def version_key(version: str) -> tuple[tuple[int, int, int], bool, tuple[tuple[bool, int, str], ...]]:
    """Return what orders versions as semantic versioning does (build metadata is ignored)."""
    core, _, rest = version.partition("+")[0].partition("-")
    major, minor, patch = (int(number) for number in core.split("."))
    parts = (part for part in rest.split(".") if part)
    order = tuple((not part.isdecimal(), int(part) if part.isdecimal() else 0, part) for part in parts)
    return (major, minor, patch), not rest, order


def parse_manifest(data: bytes) -> Manifest:
    """Read the bytes of a `plugin.yaml`; raise `ManifestError` with every problem, each at its line and column."""
    try:
        document = read(data)
    except YamlError as error:
        raise ManifestError(
            (Problem(rule=error.rule, message=error.message, line=error.line, column=error.column),)
        ) from error
    return _validated(document)


def manifest_from_data(data: object) -> Manifest:
    """Check plain data (from JSON, or another process) as `parse_manifest` does, without places."""
    return _validated(Document(data=data))  # type: ignore[arg-type]  # what it holds is what is being checked


def _validated(document: Document) -> Manifest:
    if not isinstance(document.data, dict):
        raise ManifestError((Problem(rule="not-a-mapping", message="a manifest is a list of `name: value` lines"),))
    try:
        # JSON mode: lists become tuples, everything else stays strict (no "1" for 1).
        return Manifest.model_validate_json(json.dumps(document.data, allow_nan=False))
    except ValidationError as error:
        raise ManifestError(tuple(_problem(document, item) for item in error.errors(include_url=False))) from error
    except (ValueError, TypeError, RecursionError) as error:
        raise ManifestError((Problem(rule="not-data", message="it holds something that is not plain data"),)) from error


_RULES = {"missing": "missing-field", "extra_forbidden": "unknown-field"}


def _problem(document: Document, item: Any) -> Problem:
    path = tuple(part for part in item["loc"] if part != "[key]")
    line, column = document.place(path)
    name = ".".join(str(part) for part in path)
    rule = _RULES.get(item["type"], "invalid-value")
    said = said_of(item, name)
    message = f"{name}: {said}" if name else said
    if rule == "missing-field":
        message = f"{name!r} is required"
    elif rule == "unknown-field":
        message = f"{name!r} is not a field of a manifest"
    return Problem(rule=rule, message=message, line=line, column=column, field=name)


def said_of(item: Any, name: str = "") -> str:
    """Return what a person is told of one error of pydantic's, in a field of this name."""
    match item["type"]:
        case "string_pattern_mismatch":
            return _FORMS[item["ctx"]["pattern"]]
        case "string_type" if name == "version":  # 1 and 1.0 are numbers to YAML, and quotes make no version of them
            return _VERSION
        case "string_type":
            return f"{item['msg']}; put quotes around it"
        case _:
            return str(item["msg"]).removeprefix("Value error, ")


def json_schema() -> dict[str, Any]:
    """Return the JSON Schema of a manifest."""
    return Manifest.model_json_schema(by_alias=True)


# Written bare only where no reader of YAML, of any version, could take it for something else.
_BARE = re.compile(r"[A-Za-z][A-Za-z0-9]*([ ._/-][A-Za-z0-9]+)*\.?|[0-9]+\.[0-9]+\.[0-9]+")
_NOT_BARE = frozenset({"null", "true", "false", "yes", "no", "on", "off", "y", "n"})


def render_manifest(manifest: Manifest) -> bytes:
    """Write a `plugin.yaml`: fields in the documented order, defaults left out; it parses back to the same."""
    data = manifest.model_dump(mode="json", by_alias=True, exclude_defaults=True)
    return "".join(f"{name}: {_flow(value)}\n" for name, value in data.items()).encode()


def _flow(value: Data) -> str:
    match value:
        case str():
            bare = _BARE.fullmatch(value) and value.casefold() not in _NOT_BARE
            return value if bare else json.dumps(value, ensure_ascii=False)
        case list():
            return "[" + ", ".join(_flow(item) for item in value) + "]"
        case dict():
            return "{" + ", ".join(f"{_flow(key)}: {_flow(item)}" for key, item in value.items()) + "}"
        case _:
            return json.dumps(value)
