"""The one table of verbs. Shell, REPL, `/help`, completion and the README's list are made from it.

A handler is named as "module:function" and imported when it is called: listing verbs costs nothing. It takes the
`Session` and the parsed arguments and returns an `Answer`.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

from repl.verb import Argument, Kind, Source, Verb


def _option(
    name: str,
    text: str,
    *,
    kind: Kind = "value",
    many: bool = False,
    complete: Source = "",
    number: Literal["", "int", "float"] = "",
    choices: tuple[str, ...] = (),
) -> Argument:
    return Argument(name=name, help=text, kind=kind, required=False, many=many, complete=complete, number=number,
                    choices=choices)  # fmt: skip


def _proposal(complete: Source = "proposal") -> Argument:
    return Argument(name="id", help="the proposal, for example P-1", complete=complete)


_PLUGIN = Argument(name="plugin", help="the plugin's id", complete="plugin")
_TOOL = Argument(name="tool", help="one of its tools or commands", complete="tool")
_ARGS = Argument(name="arguments", help="by position or --name VALUE; - is standard input, @FILE a file's text",
                 kind="rest", required=False)  # fmt: skip
_JSON_ARGS = _option("--args", "the arguments as JSON: an object by name or a list by position", kind="line")
_EXAMPLE = _option(
    "--example", "what must hold: 'clamp(5, 0, 3) == 3' or 'f(\"\") raises ValueError'", kind="line", many=True
)
_ALLOW = _option(
    "--allow",
    "what it may use at most: network:HOST:PORT, read:PATH, write:PATH, environment:NAME, storage, effect:clock, "
    "effect:random",
    many=True,
)
_FROM = _option(
    "--from", "files that a person wrote, in place of a model: a folder or a candidate file", complete="path"
)
_ATTEMPTS = _option("--attempts", "how many candidates may be tried", number="int")
_REASON = Argument(name="--reason", help="why, kept with the decision", kind="line")

MAKING = "Propose"
DECIDING = "Decide"
USING = "Use"
LOOKING = "Look"
SETTING = "Set up"
GROUPS = (SETTING, MAKING, DECIDING, USING, LOOKING)

COMMON: tuple[Argument, ...] = (
    _option("--workspace", "the workspace, in place of the nearest one upwards", complete="path"),
    _option("--json", "one JSON object on standard output and nothing else", kind="flag"),
    _option(
        "--output-format", "how results are printed: text, json or stream-json", choices=("text", "json", "stream-json")
    ),
    _option("--model", "the model to use", complete="model"),
    _option("--quiet", "no progress", kind="flag"),
    _option("--yes", "answer simple questions with yes (never approval, trust or grants)", kind="flag"),
)

VERBS: tuple[Verb, ...] = (
    Verb(
        name="init", group=SETTING, handler="repl.verbs_workspace:init",
        help="make a workspace here or in DIR, trusted by its maker",
        arguments=(Argument(name="dir", help="the folder; made if missing", required=False, complete="path"),),
        examples=("init my-tools", "init ."),
    ),
    Verb(
        name="trust", group=SETTING, handler="repl.verbs_workspace:trust",
        help="show what trusting a workspace would enable, and ask",
        arguments=(
            Argument(name="dir", help="the workspace", required=False, complete="path"),
            _option("--digest", "from a script: the digest of exactly what was shown"),
        ),
        examples=("trust", "trust ../a-clone", "trust ../a-clone --digest 3b1f...e9"),
    ),
    Verb(
        name="doctor", group=SETTING, handler="repl.doctor:doctor",
        help="check git, identity, kernel features, models, workspace and keys",
        examples=("doctor", "doctor --json"),
    ),
    Verb(
        name="config", group=SETTING, handler="repl.verbs_workspace:config",
        help="show every setting in force and where it comes from",
        examples=("config", "config --json"),
    ),
    Verb(
        name="model list", group=SETTING, handler="repl.verbs_models:list_models",
        help="list the models that can be asked",
    ),
    Verb(
        name="model use", group=SETTING, handler="repl.verbs_models:use",
        help="choose the model that is asked from now on",
        arguments=(Argument(name="name", help="a name that `model list` shows", complete="model"),),
        examples=("model use local", "model use openai:gpt-5-mini"),
    ),
    Verb(
        name="model test", group=SETTING, handler="repl.verbs_models:test",
        help="ask a model one short question and show what came back",
        arguments=(Argument(name="name", help="the one in use if left out", required=False, complete="model"),),
        examples=("model test", "model test local"),
    ),
    Verb(
        name="propose", group=MAKING, handler="repl.verbs_propose:propose",
        help="make a proposal: a model writes a plugin (or you do), the gate judges it",
        arguments=(
            Argument(name="spec", help="what is wanted; `-` reads it from standard input", kind="text", required=False),
            _EXAMPLE,
            _ALLOW,
            _option("--id", "the id of the new plugin"),
            _option("--change", "the plugin to change", complete="plugin"),
            _FROM,
            _ATTEMPTS,
        ),
        examples=(
            'propose "is_palindrome(s: str) -> bool: True if it is one" --example \'is_palindrome("aba") == True\'',
            "propose --from ./my-plugin",
            'propose "also count lines" --change text-stats',
            "propose - --allow network:api.example.org:443 < spec.txt",
        ),
    ),
    Verb(
        name="revise", group=MAKING, handler="repl.verbs_propose:revise",
        help="say what should be different, or send new files, and have it judged again",
        arguments=(
            _proposal(),
            Argument(name="text", help="what should be different", kind="text", required=False),
            _EXAMPLE,
            _ALLOW,
            _FROM,
            _ATTEMPTS,
        ),
        examples=('revise P-1 "ignore spaces too"', "revise P-1 --from ./fixed", "revise P-1 --allow effect:clock"),
    ),
    Verb(
        name="edit", group=MAKING, handler="repl.verbs_propose:edit",
        help="open the files in your editor and have the result judged again",
        arguments=(_proposal(),),
        examples=("edit P-1",),
    ),
    Verb(
        name="resume", group=MAKING, handler="repl.verbs_propose:resume",
        help="go on with a proposal that was interrupted",
        arguments=(_proposal(), _ATTEMPTS),
        examples=("resume P-1",),
    ),
    Verb(
        name="replay", group=MAKING, handler="repl.verbs_propose:replay",
        help="run everything after the model again, offline, and compare digest and verdict",
        arguments=(_proposal(),),
        examples=("replay P-1",),
    ),
    Verb(
        name="try", group=MAKING, handler="repl.verbs_propose:try_tool",
        help="call a tool of a proposal in the sandbox; nothing of the outside is real",
        arguments=(_proposal(), _TOOL, _ARGS, _JSON_ARGS),
        examples=("try P-1 is-palindrome aba", "try P-1 stats --args '{\"text\": \"a b\"}'"),
    ),
    Verb(
        name="proposals", group=DECIDING, handler="repl.verbs_decide:proposals",
        help="list the proposals of this workspace",
        examples=("proposals",),
    ),
    Verb(
        name="review", group=DECIDING, handler="repl.verbs_decide:review",
        help="show every byte that would be committed, what the gate found, and the digest",
        arguments=(_proposal(),),
        examples=("review P-1",),
    ),
    Verb(
        name="diff", group=DECIDING, handler="repl.verbs_decide:diff",
        help="show what would change against the approved version",
        arguments=(_proposal(),),
        examples=("diff P-1",),
    ),
    Verb(
        name="approve", group=DECIDING, handler="repl.verbs_decide:approve",
        help="commit exactly the bytes of a digest; asks, unless a script names digest and names",
        arguments=(
            _proposal("pending"),
            _option("--digest", "from a script: all 64 hex digits"),
            _option("--accept", "from a script: one name of the acknowledge list", many=True),
        ),
        examples=("approve P-1", "approve P-1 --digest 3b1f...e9 --accept no-oracle"),
    ),
    Verb(
        name="reject", group=DECIDING, handler="repl.verbs_decide:reject",
        help="put a proposal away, with the reason",
        arguments=(_proposal(), _REASON),
        examples=('reject P-1 --reason "not what I meant"',),
    ),
    Verb(
        name="waive", group=DECIDING, handler="repl.verbs_decide:waive",
        help="accept one finding of these exact bytes, or retire a test of the approved version, with a reason",
        arguments=(
            _proposal(),
            Argument(name="finding", help="the finding's id, as the review shows it", complete="finding"),
            _REASON,
        ),
        examples=(
            'waive P-1 docs.readme:README.md --reason "internal tool"',
            'waive P-1 oracle.previous:tests/test_plugin.py::test_bounds --reason "it rounds up now"',
        ),
    ),
    Verb(
        name="export", group=DECIDING, handler="repl.verbs_decide:export",
        help="write the files of a proposal into a new folder",
        arguments=(_proposal(), Argument(name="dir", help="a folder that does not exist yet", complete="path")),
        examples=("export P-1 ./look-at-it",),
    ),
    Verb(
        name="rollback", group=DECIDING, handler="repl.verbs_decide:rollback",
        help="take a plugin back to its previous version, or away, by a new commit",
        arguments=(_PLUGIN, _option("--to", "the version to go back to")),
        examples=("rollback text-stats", "rollback text-stats --to 0.1.0"),
    ),
    Verb(
        name="redo", group=DECIDING, handler="repl.verbs_decide:redo",
        help="bring back what the last rollback took away",
        arguments=(_PLUGIN,),
        examples=("redo text-stats",),
    ),
    Verb(
        name="call", group=USING, handler="repl.verbs_use:call",
        help="call a tool of a loaded plugin",
        arguments=(_PLUGIN, _TOOL, _ARGS, _JSON_ARGS),
        examples=('call text-stats stats "some words"', "call fx convert 100 USD --to EUR",
                  "call fx convert --args '{\"amount\": 100}'"),
    ),
    Verb(
        name="plugin list", group=USING, handler="repl.verbs_use:plugin_list",
        help="list plugins, loaded or not, and why not",
    ),
    Verb(
        name="plugin info", group=USING, handler="repl.verbs_use:plugin_info",
        help="show a plugin: tools, commands, capabilities, decisions",
        arguments=(_PLUGIN,),
        examples=("plugin info text-stats",),
    ),
    Verb(
        name="plugin dialect", group=LOOKING, handler="repl.verbs_dialect:dialect",
        help="show what plugins and their tests may be written in, and what they may import",
        arguments=(Argument(name="module", help="only what may be used of this one", required=False,
                            complete="module"),),
        examples=("plugin dialect", "plugin dialect asyncio", "plugin dialect --json"),
    ),
    Verb(
        name="gate", group=LOOKING, handler="repl.verbs_gate:gate",
        help="judge a folder or a candidate file by every stage, without a proposal",
        arguments=(
            Argument(name="path", help="a folder or a candidate file", required=False, complete="path"),
            _EXAMPLE,
            _ALLOW,
            _option("--all", "judge every approved plugin again", kind="flag"),
        ),
        examples=("gate ./my-plugin", "gate ./my-plugin --allow storage --example 'tidy(\" A\") == \"a\"'",
                  "gate candidate.json --json", "gate --all"),
    ),
    Verb(
        name="gate bench", group=LOOKING, handler="repl.gate_bench:bench",
        help="measure the gate's own error rate on a body of known candidates",
        arguments=(
            _option("--attempts", "how many variants of each bad one are tried", number="int"),
            _option("--held-back", "the part of the corpus that is not looked at while tuning", kind="flag"),
        ),
        examples=("gate bench", "gate bench --held-back --json"),
    ),
    Verb(
        name="analyze", group=LOOKING, handler="repl.verbs_analyze:analyze",
        help="read source: structure, calls, metrics, where to improve",
        arguments=(
            Argument(name="path", help="a folder or file; Ratchet's own if left out", required=False, complete="path"),
            _option("--docs", "write reference documentation into this folder", complete="path"),
        ),
        examples=("analyze", "analyze plugins --json"),
    ),
    Verb(
        name="sandbox probe", group=LOOKING, handler="repl.verbs_sandbox:probe",
        help="try what each level of the sandbox stops on this machine",
        examples=("sandbox probe", "sandbox probe --json"),
    ),
    Verb(
        name="sandbox run", group=LOOKING, handler="repl.verbs_sandbox:run",
        help="call a function of a file in the sandbox",
        arguments=(
            Argument(name="file", help="a Python module", complete="path"),
            Argument(name="--call", help="the function", kind="value"),
            _JSON_ARGS,
            _option("--level", "the level", choices=("process", "wasm", "container")),
            _option("--boundary-only", "without the language policy, to test the system's boundary alone", kind="flag"),
            _option("--wall", "seconds it may take", number="float"),
            _option("--memory", "MB it may use", number="int"),
        ),
        examples=(
            "sandbox run f.py --call main --args '[1, 2]'",
            "sandbox run attack.py --call attack --boundary-only --json",
        ),
    ),
    Verb(
        name="audit log", group=LOOKING, handler="repl.verbs_audit:log",
        help="list what happened here, the newest last",
        arguments=(
            _option("--limit", "how many", number="int"),
            _option("--plugin", "only of one plugin", complete="plugin"),
        ),
        examples=("audit log", "audit log --plugin text-stats --limit 5"),
    ),
    Verb(
        name="audit show", group=LOOKING, handler="repl.verbs_audit:show",
        help="show one decision or event whole",
        arguments=(Argument(name="which", help="a plugin, a proposal, a commit, or the number of an event"),),
        examples=("audit show text-stats", "audit show P-1"),
    ),
    Verb(
        name="audit verify", group=LOOKING, handler="repl.verbs_audit:verify",
        help="check every decision, commit and event against each other",
        examples=("audit verify", "audit verify --json"),
    ),
    Verb(
        name="help", group=LOOKING, handler="repl.help:help_verb",
        help="list what there is, or show one verb with examples",
        arguments=(Argument(name="verb", help="a verb", kind="text", required=False, complete="verb"),),
        examples=("help", "help propose", "help audit"),
    ),
)  # fmt: skip


def find(words: list[str]) -> tuple[Verb, int] | None:
    """Return the verb that `words` begins with and how many words name it; the longest name wins."""
    for count in (2, 1):
        name = " ".join(words[:count])
        for verb in VERBS:
            if len(words) >= count and verb.name == name:
                return verb, count
    return None


def family(word: str) -> tuple[Verb, ...]:
    """Return the verbs of two words that begin with `word`."""
    return tuple(verb for verb in VERBS if verb.name.startswith(f"{word} "))


def by_group() -> Iterator[tuple[str, tuple[Verb, ...]]]:
    """Yield each group with its verbs, in the order they are shown."""
    for group in GROUPS:
        verbs = tuple(verb for verb in VERBS if verb.group == group)
        if verbs:
            yield group, verbs


def near(word: str) -> str:
    """Return the verb that is spelled most like `word`, or ""."""
    import difflib

    found = difflib.get_close_matches(word, [verb.name for verb in VERBS], n=1, cutoff=0.6)
    return found[0] if found else ""
