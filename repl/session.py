"""The objects that verbs work with, each made when it is first needed: listing proposals starts no sandbox."""

from __future__ import annotations

import contextlib
import os
import secrets
import sys
from collections.abc import Callable, Iterator, Mapping
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from plugins.errors import NotFoundError, RatchetError
from repl.cli import Options

if TYPE_CHECKING:
    from plugins.decision import Channel
    from plugins.events import EventLog
    from plugins.registry import Registry
    from plugins.settings import Settings
    from plugins.state import UserState
    from plugins.workspace import Workspace
    from repl.progress import Progress
    from repl.render import Screen
    from sandbox.sandbox import Sandbox
    from selfmod.gate.gate import Gate
    from selfmod.gate.subject import Installed
    from selfmod.gate.thresholds import Thresholds
    from selfmod.journal import Journal
    from selfmod.models.base import Completion, Model, Request
    from selfmod.models.registry import Listed
    from selfmod.pipeline import Pipeline
    from selfmod.store import Store


class Session:
    """One run of Ratchet: a command of the shell, or a whole REPL. `interactive` is true in the REPL at a terminal."""

    def __init__(self, options: Options, *, progress: Progress, environment: Mapping[str, str] | None = None) -> None:
        self.options = options
        self.progress = progress
        self.environment = os.environ if environment is None else environment
        self.interactive = False
        self.at_prompt = False  # whether lines are those of the REPL, from a terminal or a pipe
        self.root = Path(options.workspace).expanduser() if options.workspace else None  # the workspace that was named
        self.working_on = ""  # the proposal that an error in this command is about
        self._workspace: Workspace | None = None

    def close(self) -> None:
        """Stop what was started."""
        self.forget()
        if "sandbox" in self.__dict__:
            self.sandbox.close()

    def forget(self) -> None:
        """Look at the workspace afresh."""
        if "registry" in self.__dict__:
            self.registry.close()
        for name in ("registry", "events", "journal"):
            self.__dict__.pop(name, None)
        if self._workspace is not None:
            self._workspace.close()
            self._workspace = None

    @contextlib.contextmanager
    def using(self, options: Options) -> Iterator[None]:
        """Work with other options for one line."""
        before = self.options
        self.options = options
        try:
            yield
        finally:
            self.options = before

    @cached_property
    def state(self) -> UserState:
        """What belongs to the person."""
        from plugins.state import UserState

        return UserState()

    @property
    def can_ask(self) -> bool:
        """Whether there is a person at a terminal who reads what is printed."""
        from repl.ask import at_terminal

        return at_terminal() and self.options.output == "text"

    @cached_property
    def screen(self) -> Screen:
        """The terminal, for what has to be shown before a question."""
        from repl.render import Screen, tolerant

        return Screen(tolerant(sys.stdout), at_prompt=self.interactive)

    @property
    def workspace(self) -> Workspace:
        """The workspace named by `--workspace`, or the nearest one upwards; NotFoundError where there is none."""
        if self._workspace is None:
            from plugins.workspace import find

            self._workspace = find(explicit=self.root)
        return self._workspace

    @property
    def here(self) -> Workspace | None:
        """The workspace, or None where there is none and none was named."""
        try:
            return self.workspace
        except NotFoundError:
            if self.root is not None:
                raise
            return None

    @property
    def trusted(self) -> bool:
        """Whether the person trusts the workspace; without that nothing of it runs."""
        from plugins.trust import is_trusted

        return is_trusted(self.workspace, self.state)

    @property
    def store(self) -> Store:
        """The proposals of the workspace."""
        from selfmod.store import Store

        return Store(self.state, self.workspace.root)

    @property
    def settings(self) -> Settings:
        """The settings in force, read again for each command: a person may change the file while the REPL runs."""
        from plugins.settings import load

        workspace = self.here
        root = workspace.root if workspace is not None else None
        return load(root, self.state, self.environment, model=self.options.model)

    @cached_property
    def events(self) -> EventLog:
        """The event log of the workspace."""
        return self.workspace.events(self.state)

    def open_model(self, name: str = "") -> Model:
        """The model to ask: the one that is named, or set, or the embedded one; waits while that is being built."""
        from selfmod.models.registry import DEFAULT, open_model

        settings = self.settings
        wanted = name or settings.text("model.name") or DEFAULT
        if wanted == DEFAULT and not settings.text("model.path"):
            self._wait_for_runtime()
        return open_model(settings, self.state, wanted)

    def _wait_for_runtime(self) -> None:
        from selfmod.models.runtime import Runtime

        leave = "Ctrl-C ends the wait" if self.interactive else ""
        Runtime().wait(
            lambda now: self.progress.passing(f"building the embedded model: {now.done:.0%} {now.detail}  {leave}")
        )

    def models(self) -> tuple[Listed, ...]:
        """The models that can be named."""
        from selfmod.models.registry import list_models

        return list_models(self.settings, self.state)

    def complete(self, model: Model, request: Request, on_text: Callable[[str], None] | None = None) -> Completion:
        """Ask a model one thing, within the budget of the day."""
        from plugins.errors import ModelError
        from selfmod.budget import Budget, Caps
        from selfmod.models.base import Cost
        from selfmod.models.errors import RESUME

        settings = self.settings
        with Budget(self.state, Caps.of(settings)).charge(request, model.price(), Cost()) as charge:
            try:
                completion = model.complete(request, deadline_s=settings.number("model.timeout_s"), on_text=on_text)
            except ModelError as error:
                error.hint = error.hint.replace(RESUME, "ask again")  # there is no proposal here
                raise
            charge.cost = completion.cost
        return completion

    @cached_property
    def sandbox(self) -> Sandbox:
        """The sandbox; making it starts nothing."""
        from sandbox.sandbox import Sandbox
        from selfmod.gate.workers import PRELOAD

        return Sandbox(
            allow_missing_landlock=self.settings.flag("sandbox.allow_missing_landlock"),
            work=self.cache_folder("sandbox"),
            preload=PRELOAD,
        )

    @property
    def thresholds(self) -> Thresholds:
        """The thresholds in force."""
        from selfmod.gate.thresholds import Thresholds

        figures: dict[str, Any] = dict(self.settings.thresholds)
        return Thresholds(**figures)

    @cached_property
    def journal(self) -> Journal:
        """What carries decisions out."""
        from repl.deciding import settle
        from selfmod.journal import Journal

        return Journal(workspace=self.workspace, state=self.state, settle=settle(self.store, self.workspace))

    @property
    def pipeline(self) -> Pipeline:
        """The way of a proposal up to a decision; UntrustedError where the workspace is not trusted."""
        from plugins import trust
        from selfmod.budget import Budget, Caps
        from selfmod.pipeline import Pipeline

        trust.require(self.workspace, self.state)
        settings = self.settings
        attempts = settings.values["generation.attempts"]
        return Pipeline(
            workspace=self.workspace,
            store=self.store,
            sandbox=self.sandbox,
            gate=self.gate,
            budget=Budget(self.state, Caps.of(settings)),
            open_model=self.open_model,
            installed=self.installed,
            secret=self.secret,
            author=self._author(),
            deadline_s=settings.number("model.timeout_s"),
            attempts=None if attempts.origin == "default" else settings.count("generation.attempts"),
            cache=self.cache_folder("analysis"),
            watch=self.progress.watch(),
            blind=lambda name: name in settings.text("model.blind_tests").replace(",", " ").split(),
            record=self._record,
        )

    def _author(self) -> str:
        """Who a made manifest names; a missing identity is for the approval to complain about."""
        try:
            return self.workspace.repository.identity().name
        except RatchetError:
            return ""

    def _record(self, kind: str, /, **fields: object) -> object:
        if kind == "proposed":
            self.working_on = str(fields["proposal"])
        return self.events.append(kind, **fields)

    def recover(self) -> None:
        """Finish or undo what a crash interrupted, and say so; costs one look at a file where nothing did."""
        if self._interrupted() and self.trusted and (found := self.journal.recover()) is not None:
            self.progress.say(found.message)

    def _interrupted(self) -> bool:
        """Whether a change of this workspace is written down as under way."""
        from plugins.state import workspace_key

        try:
            root = self.workspace.root
        except RatchetError:
            return False  # whoever needs the workspace will say what is wrong with it
        return self.state.path("workspaces", workspace_key(root), JOURNAL).exists()

    @property
    def channel(self) -> Channel:
        """How decisions come: from a person at a terminal, or from a script."""
        return "terminal" if self.can_ask else "scripted"

    @property
    def gate(self) -> Gate:
        """The gate with the thresholds in force."""
        from selfmod.gate.gate import Gate

        return Gate(self.sandbox, self.thresholds, self.secret)

    @cached_property
    def secret(self) -> bytes:
        """What seeds that a candidate's author must not foresee are made from; made once for a person."""
        return host_secret(self.state)

    def greeting(self) -> list[str]:
        """What the REPL says first: where it is, and what stands in the way."""
        from sandbox.version import VERSION

        workspace = self.here
        where = f"in {workspace.root}" if workspace is not None else "without a workspace"
        lines = [f"Ratchet {VERSION} {where}. /help lists what there is, Ctrl-D leaves."]
        if workspace is None:
            lines.append("Make a workspace with /init DIR, or start in one.")
        elif not self.trusted:
            lines.append(
                "You have not trusted this workspace: nothing of it runs. /trust shows what that would enable."
            )
        else:
            self.recover()
        return lines + self._without_model()

    def _without_model(self) -> list[str]:
        """One line where the embedded model would be asked and cannot be, or not yet."""
        from repl.names import greeted
        from selfmod.models.registry import DEFAULT
        from selfmod.models.runtime import Runtime

        if (self.settings.text("model.name") or DEFAULT) != DEFAULT:
            return []
        return greeted(Runtime().progress(), builds=self.environment.get("RATCHET_BUILD") != "no")

    def twin(self) -> Session:
        """A session of its own on the same workspace, for another thread; it says nothing."""
        from repl.progress import Progress

        twin = Session(self.options, progress=Progress(quiet=True), environment=self.environment)
        twin.root = self.root
        return twin

    def enter(self, root: Path | None) -> None:
        """Work in another workspace from now on."""
        if root != self.root:
            self.forget()
            self.root = root

    def history_path(self) -> Path | None:
        """Where the lines of the REPL are kept, None where user state cannot be written."""
        try:
            return self.state.folder() / "history"
        except RatchetError:
            return None

    def own_commands(self) -> dict[str, str]:
        """The names that no plugin's command may take, as the gate wants them: owned by Ratchet itself."""
        from repl.loop import LEAVING
        from repl.verbs import VERBS

        words = {word for verb in VERBS for word in (verb.name, verb.name.split()[0])}
        return dict.fromkeys((*words, *(word.removeprefix("/") for word in LEAVING)), "")

    def cache_folder(self, name: str) -> Path:
        """A folder of user state for what can be made again."""
        return self.state.folder("cache", name)

    @property
    def traceback_folder(self) -> Path:
        """Where the details of an unexpected error are kept."""
        return self.state.path("errors")

    @cached_property
    def registry(self) -> Registry:
        """The plugins of the workspace."""
        from plugins.registry import Registry

        return Registry(self.workspace, self.state, self.sandbox, on_message=self.progress.message)

    def commands(self) -> Mapping[str, str]:
        """The commands of loaded plugins, by name, with the plugin that has them."""
        return self.registry.commands() if self.here is not None else {}

    def installed(self, *, without: str = "") -> Installed:
        """What is there already, as the gate wants to know it; `without` is the plugin that is judged itself."""
        from plugins import grants
        from selfmod.gate.subject import Installed

        loaded = [entry for entry in self.registry.plugins() if entry.status == "loaded" and entry.id != without]
        commands = {name: entry.id for entry in loaded for name in entry.commands}
        return Installed(
            plugins={entry.id: entry.version for entry in loaded},
            commands=commands | self.own_commands(),
            granted=grants.every(self.workspace, self.state),
        )


JOURNAL = "journal.json"  # as `selfmod.journal` names it
_SEED_FILE = "gate_secret"


def host_secret(state: UserState) -> bytes:
    """The person's secret, 32 random bytes."""
    found = state.read(_SEED_FILE)
    if found is None:
        with state.lock("gate-secret"):
            found = state.read(_SEED_FILE)
            if found is None:
                found = secrets.token_bytes(32)
                state.write(_SEED_FILE, found)
    return found
