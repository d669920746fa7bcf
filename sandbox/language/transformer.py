"""The language policy: which syntax a plugin may use, and where guards are compiled into it.

The operating system is the boundary; this is a filter in front of it. It subclasses RestrictedPython's transformer for its
rule that a node nobody wrote a rule for is refused. It rewrites as little as possible - reads of attributes, the objects
whose attributes are set, and `type(x)` - so that results, line numbers and coverage stay those of the plain source.
"""

# ruff: noqa: N802, N815 - the visitor protocol of ast names its methods after the node classes
from __future__ import annotations

import ast
from collections.abc import Iterable
from typing import Any, Final

from RestrictedPython.transformer import RestrictingNodeTransformer

from sandbox.language.annotations import check_annotation
from sandbox.language.formats import template_problem
from sandbox.language.modules import ALLOWED_IMPORTS, INSTEAD, is_package, public_names
from sandbox.language.names import (
    ASSIGNABLE,
    DEFINABLE,
    FORMATTERS,
    GUARDS,
    METHODS,
    MISSING_BUILTINS,
    NAMES,
    WATCHED,
    attribute_problem,
    is_dunder,
)
from sandbox.outcome import Violation

Function = ast.FunctionDef | ast.AsyncFunctionDef

_REFUSED_NODES: Final = {
    "TryStar": "use `except`; except* is not part of the dialect",
    "TemplateStr": "use an f-string",
    "Interpolation": "use an f-string",
}


class Policy(RestrictingNodeTransformer):
    """Checks and rewrites one module; what it refuses is in `violations`."""

    def __init__(self, path: str, tree: ast.Module) -> None:
        super().__init__()
        self.path = path
        self.violations: list[Violation] = []
        self._bound = bound_names(tree)
        self._modules = imported_modules(tree)
        self._scopes: list[ast.AST] = []

    # ---- reporting -------------------------------------------------------------------------------------------------

    def refuse(self, node: ast.AST, rule: str, message: str, hint: str) -> None:
        """Record one violation at the place of `node`."""
        line, column = getattr(node, "lineno", 1), getattr(node, "col_offset", 0) + 1
        self.violations.append(
            Violation(rule=rule, message=message, path=self.path, line=line, column=column, hint=hint)
        )

    def error(self, node: ast.AST, info: str) -> None:
        """Record what a rule of the base class refuses."""
        self.refuse(node, "policy.syntax", info, "see the dialect")

    def warn(self, node: ast.AST, info: str) -> None:
        """Drop the base class's warnings: each comes with an error."""

    def not_allowed(self, node: ast.AST) -> None:
        """Record a node without a rule."""
        kind = type(node).__name__
        hint = _REFUSED_NODES.get(kind, "use syntax that the dialect lists")
        self.refuse(node, "policy.syntax", f"{kind} is not part of the dialect", hint)

    def _plain(self, node: ast.AST) -> Any:
        return self.node_contents_visit(node)

    # ---- names -----------------------------------------------------------------------------------------------------

    def check_name(self, node: ast.AST, name: str | None, allow_magic_methods: bool = False) -> None:
        """Refuse a name that is bound here: guards, and double-underscore names with a meaning."""
        if name is None:
            return
        if name in GUARDS:
            self.refuse(node, "policy.name", f"the name {name!r} belongs to the language policy", "choose another name")
        elif is_dunder(name) and name not in ASSIGNABLE and not (self._in_class() and name in DEFINABLE):
            self.refuse(node, "policy.name", f"the name {name!r} cannot be defined here", "choose an ordinary name")

    def _in_class(self) -> bool:
        return bool(self._scopes) and isinstance(self._scopes[-1], ast.ClassDef)

    def visit_Name(self, node: ast.Name) -> Any:
        """Check a name; reading a builtin that is not there is told at once."""
        if not isinstance(node.ctx, ast.Load):
            self.check_name(node, node.id)
        elif node.id in GUARDS or (is_dunder(node.id) and not self._may_read(node.id)):
            self.refuse(node, "policy.name", f"the name {node.id!r} is not part of the dialect", "use ordinary names")
        elif node.id in MISSING_BUILTINS and node.id not in self._bound:
            self.refuse(node, "policy.builtin", f"there is no {node.id!r} here", MISSING_BUILTINS[node.id])
        elif node.id == "type" and "type" not in self._bound:
            self.refuse(node, "policy.builtin", "type may only be called with one value", "write type(x)")
        return node

    def _may_read(self, name: str) -> bool:
        return name in NAMES or (self._in_class() and name in METHODS)

    # ---- attributes ------------------------------------------------------------------------------------------------

    def visit_Attribute(self, node: ast.Attribute) -> Any:
        """Check the name; compile a guard into reads, and into the object whose attribute is set."""
        name = self._mangled(node)
        problem = attribute_problem(name)
        if problem:
            self.refuse(node, "policy.attribute", *problem)
            return node
        if not isinstance(node.ctx, ast.Load):
            return self._guard_write(node)
        if name in FORMATTERS and isinstance(node.value, ast.Constant):
            return self._literal_template(node)
        self._check_member(node)
        guard = "_getown_" if name.startswith("_") or name in WATCHED else "_getattr_"
        return self._call(guard, [self.visit(node.value), ast.Constant(name)], node)

    def _check_member(self, node: ast.Attribute) -> None:
        """Tell at once that `json.codecs` is not there; the view refuses it at run time as well."""
        module = self._modules.get(node.value.id, "") if isinstance(node.value, ast.Name) else ""
        if module in ALLOWED_IMPORTS and node.attr not in public_names(module):
            if f"{module}.{node.attr}" not in ALLOWED_IMPORTS:
                message = f"{module} has no {node.attr!r} that a plugin may use"
                hint = INSTEAD.get(f"{module}.{node.attr}", "use a public name of it")
                self.refuse(node, "policy.import", message, hint)

    def _mangled(self, node: ast.Attribute) -> str:
        """Return the name the compiler would use: `self.__x` in class C is `_C__x`."""
        owner = next((scope for scope in reversed(self._scopes) if isinstance(scope, ast.ClassDef)), None)
        if owner is None or not node.attr.startswith("__") or node.attr.endswith("__") or not owner.name.strip("_"):
            return node.attr
        return f"_{owner.name.lstrip('_')}{node.attr}"

    def _guard_write(self, node: ast.Attribute) -> ast.Attribute:
        if is_dunder(node.attr) or node.attr in WATCHED - FORMATTERS:
            message = f"the attribute {node.attr!r} cannot be set"
            self.refuse(node, "policy.attribute", message, "set an ordinary attribute")
        node.value = self._call("_write_", [self.visit(node.value)], node.value)
        return node

    def _literal_template(self, node: ast.Attribute) -> ast.Attribute:
        value = node.value.value if isinstance(node.value, ast.Constant) else None
        problem = template_problem(value) if isinstance(value, str) else "only text has a template"
        if problem:
            self.refuse(node, "policy.format", problem, "use an f-string")
        return node

    def _call(self, guard: str, arguments: list[ast.expr], place: ast.AST) -> ast.Call:
        call = ast.Call(func=ast.Name(guard, ast.Load()), args=arguments, keywords=[])
        ast.copy_location(call, place)
        for child in (call.func, *arguments):
            if not hasattr(child, "lineno"):
                ast.copy_location(child, place)
        return call

    # ---- calls -----------------------------------------------------------------------------------------------------

    def visit_Call(self, node: ast.Call) -> Any:
        """Allow every call; `type` takes one value, and constant names given to `getattr` are checked as attributes."""
        function = node.func.id if isinstance(node.func, ast.Name) and node.func.id not in self._bound else ""
        if (
            function == "type"
            and len(node.args) == 1
            and not node.keywords
            and not isinstance(node.args[0], ast.Starred)
        ):
            return self._call("_type_", [self.visit(node.args[0])], node)
        if function in ("isinstance", "issubclass") and len(node.args) == 2 and not node.keywords:
            node.args = [self.visit(node.args[0]), self._classinfo(node.args[1])]
            return node
        if function in ("getattr", "hasattr", "setattr", "delattr") and len(node.args) > 1:
            self._check_constant_name(node.args[1])
        return self._plain(node)

    def _classinfo(self, node: ast.expr) -> Any:
        """Visit the second argument of isinstance, where `type` may be named."""
        if isinstance(node, ast.Name) and node.id == "type":
            return node
        if isinstance(node, ast.Tuple):
            node.elts = [self._classinfo(element) for element in node.elts]
            return node
        return self.visit(node)

    def _check_constant_name(self, node: ast.expr) -> None:
        name = folded_text(node)
        problem = attribute_problem(name) if name is not None else None
        if problem:
            self.refuse(node, "policy.attribute", *problem)

    def visit_keyword(self, node: ast.keyword) -> Any:
        """Allow keywords, without double-underscore names."""
        if node.arg and (is_dunder(node.arg) or node.arg in GUARDS):
            self.refuse(node, "policy.name", f"the keyword {node.arg!r} is not part of the dialect", "rename it")
        return self._plain(node)

    # ---- statements that need no guard: plain, so that lines and arcs stay ------------------------------------------

    def visit_Subscript(self, node: ast.Subscript) -> Any:
        """Allow subscripts without a guard: items of a value are data."""
        return self._plain(node)

    def visit_Assign(self, node: ast.Assign) -> Any:
        """Allow assignments; `__match_args__` names attributes, so it must be literal."""
        for target in node.targets:
            if isinstance(target, ast.Name) and target.id == "__match_args__":
                self._check_match_args(node)
        return self._plain(node)

    def _check_match_args(self, node: ast.Assign) -> None:
        elements = node.value.elts if isinstance(node.value, ast.Tuple) else [node.value]
        for element in elements:
            name = element.value if isinstance(element, ast.Constant) else None
            if not isinstance(name, str) or name.startswith("_") or name in WATCHED:
                hint = "write a tuple of literal attribute names"
                self.refuse(element, "policy.attribute", "__match_args__ must name ordinary attributes", hint)

    def visit_AnnAssign(self, node: ast.AnnAssign) -> Any:
        """Allow annotated assignments; the hint stays as written."""
        check_annotation(node.annotation, self.refuse)
        if isinstance(node.target, ast.Name) and node.target.id in ("__match_args__", "__slots__"):
            self.refuse(node, "policy.attribute", f"{node.target.id} takes no annotation", "assign it plainly")
        node.target = self.visit(node.target)
        node.value = self.visit(node.value) if node.value else None
        return node

    def visit_AugAssign(self, node: ast.AugAssign) -> Any:
        """Allow augmented assignment; an attribute's object goes through the write guard, once."""
        return self._plain(node)

    def visit_For(self, node: Any) -> Any:
        """Allow loops."""
        return self._plain(node)

    visit_AsyncFor = visit_comprehension = visit_With = visit_AsyncWith = visit_Await = visit_For

    def visit_Global(self, node: ast.Global | ast.Nonlocal) -> Any:
        """Allow `global` and `nonlocal`."""
        for name in node.names:
            self.check_name(node, name)
        return node

    visit_Nonlocal = visit_Global

    def visit_ExceptHandler(self, node: ast.ExceptHandler) -> Any:
        """Allow handlers."""
        self.check_name(node, node.name)
        return self._plain(node)

    def visit_TemplateStr(self, node: ast.AST) -> Any:
        """Refuse template strings."""
        self.not_allowed(node)

    visit_Interpolation = visit_TemplateStr

    # ---- imports ---------------------------------------------------------------------------------------------------

    def visit_Import(self, node: ast.Import) -> Any:
        """Allow listed modules."""
        for alias in node.names:
            self._check_module(node, alias.name)
            self.check_name(node, alias.asname or alias.name.partition(".")[0])
        return node

    def visit_ImportFrom(self, node: ast.ImportFrom) -> Any:
        """Allow listed names of listed modules."""
        if node.level:
            self.refuse(node, "policy.import", "relative imports are not part of the dialect", "keep one module")
            return node
        name = node.module or ""
        for alias in node.names:
            self.check_name(node, alias.asname or alias.name)
        if self._check_module(node, name):
            self._check_members(node, name)
        return node

    def _check_module(self, node: ast.AST, name: str) -> bool:
        if getattr(node, "is_lazy", 0):
            self.refuse(node, "policy.syntax", "lazy imports are not part of the dialect", "write a plain import")
        if name in ALLOWED_IMPORTS or is_package(name):
            return True
        hint = INSTEAD.get(name) or INSTEAD.get(name.partition(".")[0])
        hint = hint or "use one of the modules the dialect lists"
        self.refuse(node, "policy.import", f"a plugin cannot import {name!r}", hint)
        return False

    def _check_members(self, node: ast.ImportFrom, name: str) -> None:
        for alias in node.names:
            if alias.name == "*":
                message, hint = "star imports are not part of the dialect", "name what you need"
            elif f"{name}.{alias.name}" in ALLOWED_IMPORTS or alias.name in public_names(name):
                continue
            else:
                message = f"a plugin cannot import {alias.name!r} from {name!r}"
                hint = "use a public name of the module"
            self.refuse(node, "policy.import", message, hint)

    # ---- functions and classes -------------------------------------------------------------------------------------

    def visit_FunctionDef(self, node: Function) -> Any:
        """Allow functions; ordinary double-underscore methods inside classes."""
        self.check_name(node, node.name)
        node.decorator_list = [self.visit(decorator) for decorator in node.decorator_list]
        self._type_parameters(node)
        self._arguments(node.args)
        check_annotation(node.returns, self.refuse)
        self._scopes.append(node)
        node.body = self._body(node.body)
        self._scopes.pop()
        return node

    visit_AsyncFunctionDef = visit_FunctionDef

    def visit_Lambda(self, node: ast.Lambda) -> Any:
        """Allow lambdas."""
        self._arguments(node.args)
        self._scopes.append(node)
        node.body = self.visit(node.body)
        self._scopes.pop()
        return node

    def _arguments(self, arguments: ast.arguments) -> None:
        singles = [argument for argument in (arguments.vararg, arguments.kwarg) if argument]
        for argument in (*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs, *singles):
            self.visit(argument)
        arguments.defaults = [self.visit(default) for default in arguments.defaults]
        arguments.kw_defaults = [self.visit(default) if default else None for default in arguments.kw_defaults]

    def visit_arg(self, node: ast.arg) -> Any:
        """Check a parameter's name and hint."""
        if is_dunder(node.arg):
            self.refuse(node, "policy.name", f"the name {node.arg!r} cannot be defined here", "choose an ordinary name")
        self.check_name(node, node.arg)
        check_annotation(node.annotation, self.refuse)
        return node

    def visit_ClassDef(self, node: ast.ClassDef) -> Any:
        """Allow classes, keywords kept, metaclasses refused."""
        self.check_name(node, node.name)
        for keyword in node.keywords:
            if keyword.arg == "metaclass" or keyword.arg is None:
                message = "metaclasses are not part of the dialect"
                self.refuse(keyword.value, "policy.class", message, "inherit from abc.ABC")
        node.decorator_list = [self.visit(decorator) for decorator in node.decorator_list]
        self._type_parameters(node)
        node.bases = [self.visit(base) for base in node.bases]
        node.keywords = [self.visit(keyword) for keyword in node.keywords]
        self._scopes.append(node)
        node.body = self._body(node.body)
        self._scopes.pop()
        return node

    def _body(self, statements: Iterable[ast.stmt]) -> list[ast.stmt]:
        # A refused node visits to None; the tree is not compiled then, but its parents must stay well-formed.
        return [self.visit(statement) or ast.copy_location(ast.Pass(), statement) for statement in statements]

    def visit_Module(self, node: ast.Module) -> Any:
        """Visit the statements."""
        node.body = self._body(node.body)
        return node

    def _type_parameters(self, node: ast.AST) -> None:
        for parameter in getattr(node, "type_params", ()):
            self.visit(parameter)

    def visit_TypeVar(self, node: Any) -> Any:
        """Allow type parameters (Python 3.12 and later); bounds and defaults are hints."""
        self.check_name(node, node.name)
        check_annotation(getattr(node, "bound", None), self.refuse)
        check_annotation(getattr(node, "default_value", None), self.refuse)
        return node

    visit_ParamSpec = visit_TypeVarTuple = visit_TypeVar

    def visit_TypeAlias(self, node: Any) -> Any:
        """Allow `type X = ...` (Python 3.12 and later)."""
        self.visit(node.name)
        self._type_parameters(node)
        check_annotation(node.value, self.refuse)
        return node

    # ---- match -----------------------------------------------------------------------------------------------------

    def visit_Match(self, node: Any) -> Any:
        """Allow `match`."""
        return self._plain(node)

    visit_match_case = visit_MatchSingleton = visit_MatchSequence = visit_MatchOr = visit_Match

    def visit_MatchValue(self, node: ast.MatchValue) -> Any:
        """Allow value patterns as written: the compiler takes only dotted names and literals there."""
        for part in ast.walk(node.value):
            if isinstance(part, ast.Attribute) and (part.attr.startswith("_") or part.attr in WATCHED):
                self.refuse(part, "policy.attribute", f"the attribute {part.attr!r} cannot be matched", "use an if")
        return node

    def visit_MatchStar(self, node: ast.MatchStar | ast.MatchAs) -> Any:
        """Check the captured name."""
        self.check_name(node, node.name)
        return self._plain(node)

    visit_MatchAs = visit_MatchStar

    def visit_MatchMapping(self, node: ast.MatchMapping) -> Any:
        """Check the captured name; keys are value patterns."""
        self.check_name(node, node.rest)
        for key in node.keys:
            self.visit_MatchValue(ast.MatchValue(value=key))
        node.patterns = [self.visit(pattern) for pattern in node.patterns]
        return node

    def visit_MatchClass(self, node: ast.MatchClass) -> Any:
        """Check the names that the pattern reads as attributes, without a guard at run time."""
        self.visit_MatchValue(ast.MatchValue(value=node.cls))
        for name in node.kwd_attrs:
            if name.startswith("_") or name in WATCHED or name == "obj":
                self.refuse(node, "policy.attribute", f"the attribute {name!r} cannot be matched", "use an if")
        node.patterns = [self.visit(pattern) for pattern in node.patterns]
        node.kwd_patterns = [self.visit(pattern) for pattern in node.kwd_patterns]
        return node

    def visit_Delete(self, node: ast.Delete) -> Any:
        """Allow `del` of names, items and attributes."""
        return self._plain(node)


def folded_text(node: ast.expr) -> str | None:
    """Return the text of an expression that is a constant string, also when it was taken apart with `+`."""
    match node:
        case ast.Constant(value=str(text)):
            return text
        case ast.BinOp(op=ast.Add(), left=left, right=right):
            first, second = folded_text(left), folded_text(right)
            return first + second if first is not None and second is not None else None
        case ast.JoinedStr(values=values):
            parts = [folded_text(value) for value in values]
            return "".join(part for part in parts if part is not None) if None not in parts else None
        case _:
            return None


def imported_modules(tree: ast.Module) -> dict[str, str]:
    """Return local name -> module for names that import statements alone bind."""
    modules: dict[str, str] = {}
    rebound: set[str] = set()
    for node in ast.walk(tree):
        match node:
            case ast.Import(names=aliases):
                for alias in aliases:
                    top = alias.name.partition(".")[0]
                    modules[alias.asname or top] = alias.name if alias.asname else top
            case ast.Name(id=name, ctx=ast.Store()) | ast.arg(arg=name) | ast.FunctionDef(name=name):
                rebound.add(name)
            case _:
                pass
    return {name: module for name, module in modules.items() if name not in rebound}


def bound_names(tree: ast.Module) -> frozenset[str]:
    """Return every name the module binds anywhere: a parameter called `input` is not the builtin."""
    names: set[str] = set()
    for node in ast.walk(tree):
        match node:
            case ast.Name(id=name, ctx=ast.Store()) | ast.arg(arg=name) | ast.FunctionDef(name=name):
                names.add(name)
            case ast.AsyncFunctionDef(name=name) | ast.ClassDef(name=name):
                names.add(name)
            case ast.alias(name=name, asname=other):
                names.add(other or name)
            case _:
                pass
    return frozenset(names)
