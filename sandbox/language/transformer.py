"""The language policy: which syntax a plugin may use, and where guards are compiled into it.

The operating system is the boundary; this is a filter in front of it. It rewrites as little as possible - some reads of
attributes, and the objects whose attributes are set - so that results, line numbers, coverage and speed stay those of
the plain source.
"""

# ruff: noqa: N815 - the visitor protocol of ast names its methods after the node classes
from __future__ import annotations

import ast
from collections.abc import Iterable
from typing import Any

from sandbox.language.annotations import check_annotation, is_dotted_marker
from sandbox.language.classes import is_unmatched
from sandbox.language.formats import template_problem
from sandbox.language.imports import Imports
from sandbox.language.instead import of_member
from sandbox.language.modules import ALLOWED_IMPORTS, public_names
from sandbox.language.names import (
    FORMATTERS,
    GUARDS,
    HOLDING_MODULES,
    METHODS,
    MISSING_BUILTINS,
    NAMES,
    UNDERSCORE_API,
    WATCHED,
    attribute_problem,
    is_dunder,
)
from sandbox.language.patterns import Patterns
from sandbox.language.trees import first_parameter, folded_text

Function = ast.FunctionDef | ast.AsyncFunctionDef
_LITERALS = (ast.Constant, ast.JoinedStr, ast.List, ast.Dict, ast.Set, ast.ListComp, ast.DictComp, ast.SetComp)


class Policy(Imports, Patterns):
    """Checks and rewrites one module; what it refuses is in `violations`."""

    # ---- names -----------------------------------------------------------------------------------------------------

    def visit_Name(self, node: ast.Name) -> Any:
        """Check a name; reading a builtin that is not there is told at once."""
        if not isinstance(node.ctx, ast.Load):
            self.check_name(node, node.id)
        elif node.id in GUARDS or (is_dunder(node.id) and not self._may_read(node.id)):
            self.refuse(node, "policy.name", f"the name {node.id!r} is not part of the dialect", "use ordinary names")
        elif node.id in MISSING_BUILTINS and node.id not in self._bound:
            self.refuse(node, "policy.builtin", f"there is no {node.id!r} here", MISSING_BUILTINS[node.id])
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
        guard = self._guard_of(name, node)
        node.value = self.visit(node.value)
        if not guard:
            return node
        return _at_its_name(self._call(guard, [node.value, ast.Constant(name)], node), node)

    def _guard_of(self, name: str, node: ast.Attribute) -> str:
        """Return the guard that reading an attribute needs; most need none, and run as fast as plain code.

        The guard for ordinary names keeps real modules from coming out of an object. A called attribute cannot be one,
        a view holds none, literals have none, and what a method reads from `self` the plugin has put there, but for the
        few names under which a class of a library holds one.
        """
        if is_dunder(name) or name in WATCHED:
            return "_getown_"
        if name.startswith("_"):
            return "_getown_" if name in UNDERSCORE_API else "_getprivate_"
        base = node.value.id if isinstance(node.value, ast.Name) else ""
        safe = (
            node is self._callee
            or base in self._modules
            or (base and base == self._self() and name not in HOLDING_MODULES)
        )
        return "" if safe or isinstance(node.value, _LITERALS) else "_getattr_"

    def _self(self) -> str:
        """Return what the method around this place calls its instance, where nothing else can have that name."""
        for index in range(len(self._scopes) - 1, 0, -1):
            scope = self._scopes[index]
            if isinstance(scope, ast.ClassDef):
                return ""
            if isinstance(self._scopes[index - 1], ast.ClassDef):
                if scope not in self._instances:
                    self._instances[scope] = first_parameter(scope)
                return self._instances[scope]
        return ""

    def _check_member(self, node: ast.Attribute) -> None:
        """Tell at once that `json.codecs` is not there; the view refuses it at run time as well."""
        module = self._module_behind(node.value)
        hidden = module in ALLOWED_IMPORTS and node.attr not in public_names(module)
        if hidden and f"{module}.{node.attr}" not in ALLOWED_IMPORTS:
            message = f"{module} has no {node.attr!r} that a plugin may use"
            self.refuse(node, "policy.import", message, of_member(module, node.attr))

    def _module_behind(self, node: ast.expr) -> str:
        """Return the module that an expression names ("json.decoder"), or ""."""
        if isinstance(node, ast.Name):
            return self._modules.get(node.id, "")
        parent = self._module_behind(node.value) if isinstance(node, ast.Attribute) else ""
        return f"{parent}.{node.attr}" if parent and isinstance(node, ast.Attribute) else ""

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
        if self._module_behind(node.value) in ALLOWED_IMPORTS:
            self.refuse(node, "policy.attribute", "modules are read-only", "keep the value in a variable of your own")
        node.value = self._call("_write_", [self.visit(node.value)], node.value)
        return node

    def _literal_template(self, node: ast.Attribute) -> ast.Attribute:
        value = node.value.value if isinstance(node.value, ast.Constant) else None
        problem = template_problem(value) if isinstance(value, str) else "only text has a template"
        if problem:
            self.refuse(node, "policy.format", problem, "use an f-string")
        return node

    # ---- calls -----------------------------------------------------------------------------------------------------

    def visit_Call(self, node: ast.Call) -> Any:
        """Allow every call; constant names given to `getattr` are checked as attributes."""
        function = node.func.id if isinstance(node.func, ast.Name) and node.func.id not in self._bound else ""
        if function == "type" and (len(node.args) != 1 or node.keywords):
            self.refuse(node, "policy.builtin", "type takes exactly one value", "write a class statement")
        if function in ("getattr", "hasattr", "setattr", "delattr") and len(node.args) > 1:
            self._check_constant_name(node.args[1])
        self._callee = node.func
        node.func = self.visit(node.func)
        node.args = [self.visit(argument) for argument in node.args]
        node.keywords = [self.visit(keyword) for keyword in node.keywords]
        return node

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
            if is_unmatched(name):
                hint = "write a tuple of literal attribute names"
                self.refuse(element, "policy.attribute", "__match_args__ must name ordinary attributes", hint)

    def visit_AnnAssign(self, node: ast.AnnAssign) -> Any:
        """Allow annotated assignments; the hint stays as written."""
        check_annotation(node.annotation, self.refuse)
        if self._in_class() and is_dotted_marker(node.annotation, as_text=self._hints_are_text):
            # dataclasses compare the module behind the dot with the real one, and would take the marker for a field.
            name = "ClassVar, InitVar and KW_ONLY"
            hint = "write `from typing import ClassVar` or `from dataclasses import InitVar, KW_ONLY`"
            self.refuse(node, "policy.annotation", f"{name} must be imported by name here", hint)
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
        self.check_fields(node)
        node.body = self._body(node.body)
        return node

    def visit_Delete(self, node: ast.Delete) -> Any:
        """Allow `del` of names, items and attributes."""
        return self._plain(node)


def _at_its_name(call: ast.Call, node: ast.Attribute) -> ast.Call:
    """Move a guard in a chain over several lines to the line of the attribute's name, where the compiler puts it."""
    end = node.end_lineno or node.lineno
    if end != node.lineno:
        call.lineno, call.col_offset = end, max((node.end_col_offset or 0) - len(node.attr), 0)
    return call
