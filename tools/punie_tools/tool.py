"""What a tool is: one typed function, its risk, and the schemas read from its signature."""

from __future__ import annotations

import inspect
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cached_property
from typing import TYPE_CHECKING, Any, ClassVar, Protocol, get_type_hints

from pydantic import BaseModel, ConfigDict, ValidationError, computed_field, create_model

from punie_tools.errors import ToolCancelledError, ToolError
from punie_tools.sentences import leaves_out
from punie_tools.spelling import spelled
from punie_tools.workspace import Workspace

if TYPE_CHECKING:
    from punie_tools.changes.change_set import FileChange
    from punie_tools.changes.session_changes import SessionChanges
    from punie_tools.lsp.language_server import LanguageServer


class Risk(StrEnum):
    """How far a call reaches. The order is the order of growing risk.

    `RUNS` starts code of the repository that the person trusts, or a command that a sandbox holds inside the tree.
    `LEAVES` is a command that nothing holds; no tool pushes, fetches or writes elsewhere of itself.
    """

    READS = "reads"
    EDITS = "edits"
    RUNS = "runs"
    LEAVES = "leaves the tree"


class ToolResult(BaseModel):
    """Base of every result: frozen, JSON-able, with a summary made from its fields."""

    model_config: ClassVar[ConfigDict] = ConfigDict(frozen=True, extra="ignore")

    success: bool = True

    @computed_field
    @property
    def summary(self) -> str:
        """One sentence a person can read; each result overrides it."""
        return "Done." if self.success else "Failed."

    @property
    def names_only_some(self) -> bool:
        """Whether the summary leaves out some of what it is about, and only says how many."""
        return leaves_out(lambda: self.summary)


class ResultRow(BaseModel):
    """Base of a result's items that a person reads best in a form of their own."""

    model_config: ClassVar[ConfigDict] = ConfigDict(frozen=True)

    def as_row(self) -> str:
        """The item on one line, for a terminal."""
        raise NotImplementedError


class ProgressCallback(Protocol):
    """Receives how far a long call is: units done, their total (None when unknown), and a short text."""

    def __call__(self, done: int, total: int | None, text: str) -> None: ...


class PartCallback(Protocol):
    """Receives a part of the result as soon as it is known, from a tool that tells its parts."""

    def __call__(self, part: BaseModel) -> None: ...


class CallTool(Protocol):
    """Runs another tool on behalf of a running one (`execute_code`), with its own approval and events.

    Raises ToolDeniedError where that is not approved; a tool that fails because of it raises its own error from it.
    """

    def __call__(self, name: str, arguments: Mapping[str, object]) -> ToolResult: ...


class ReviewChanges(Protocol):
    """Lets the person decide what of a proposal stands, and returns that: the same files or fewer, never none."""

    def __call__(self, changes: Sequence[FileChange]) -> Sequence[FileChange]: ...


def _no_progress(done: int, total: int | None, text: str) -> None:
    """Nobody watches."""


@dataclass(frozen=True)
class ToolContext:
    """What a running tool may use. `cancelled` is set from another thread when the person stops the turn.

    `language_server` is the working tree's, kept warm and closed by whoever made it; without one a call starts its own.
    `changes` is what the session read and changed; without it edits are neither compared with that nor remembered.
    With `review` a call that changes files makes only what the person lets stand of it. `on_part` is set where somebody
    watches the call closely: parts are told as they come, with more detail than the result keeps.
    """

    workspace: Workspace
    cancelled: threading.Event = field(default_factory=threading.Event)
    report_progress: ProgressCallback = _no_progress
    call_tool: CallTool | None = None
    language_server: LanguageServer | None = None
    changes: SessionChanges | None = None
    review: ReviewChanges | None = None
    on_part: PartCallback | None = None

    def raise_if_cancelled(self) -> None:
        """Raise ToolCancelledError once the person has stopped the turn; call it inside long loops."""
        if self.cancelled.is_set():
            raise ToolCancelledError("Stopped.")


class Tool:
    """A function `(context, **arguments) -> ToolResult` with its risk.

    The arguments' schema is the function's signature, so the model's description of the tool, the command line, the
    code sandbox and the documentation cannot drift apart. `risk_of` raises or lowers the risk for given arguments
    (`ruff_check(fix=True)` edits).
    """

    def __init__(
        self,
        function: Callable[..., ToolResult],
        *,
        risk: Risk,
        risk_of: Callable[[Mapping[str, Any]], Risk] | None = None,
        preview: Callable[..., str | None] | None = None,
        confined_in: Callable[[Workspace], bool] | None = None,
        wants_language_server: bool = False,
        is_reviewable: bool = False,
    ) -> None:
        """`preview(context, **arguments)` returns what an approval shows: the whole command or diff, as it is; None
        where the call would change nothing.

        `confined_in(workspace)` says whether a sandbox holds what any command line here would do; where none does, each
        call leaves the tree. A tool without it starts nothing, or what the folder's trust is about.
        `wants_language_server` says that a warm one makes the tool quicker. `is_reviewable` says that what it changes
        goes through the context's review, hunk by hunk.
        """
        self.function = function
        self.name = function.__name__
        self.description = inspect.getdoc(function) or ""
        self.risk = risk
        self._risk_of = risk_of
        self._preview = preview
        self._confined_in = confined_in
        self.wants_language_server = wants_language_server
        self.is_reviewable = is_reviewable
        hints = get_type_hints(function, include_extras=True)
        self.result_type: type[ToolResult] = hints.pop("return")
        fields: dict[str, Any] = {
            parameter.name: (
                hints[parameter.name],
                ... if parameter.default is inspect.Parameter.empty else parameter.default,
            )
            for parameter in list(inspect.signature(function).parameters.values())[1:]
        }
        self.arguments_type: type[BaseModel] = create_model(
            f"{self.name}_arguments", __config__=ConfigDict(extra="forbid", frozen=True), **fields
        )

    @property
    def summary(self) -> str:
        """The first line of the docstring."""
        return self.description.split("\n", 1)[0]

    @property
    def tells_type_errors(self) -> bool:
        """Whether the result tells what the call did to type errors, where a language server is warm."""
        return "new_errors" in self.result_type.model_fields

    @cached_property
    def arguments_schema(self) -> dict[str, Any]:
        """JSON schema of the arguments, an object; always the same one, which nobody changes."""
        return self.arguments_type.model_json_schema()

    @property
    def result_schema(self) -> dict[str, Any]:
        """JSON schema of the result as it is printed, `summary` included."""
        return self.result_type.model_json_schema(mode="serialization")

    def risk_for(self, arguments: Mapping[str, Any], workspace: Workspace | None = None) -> Risk:
        """The risk of this call, known before it runs; without a workspace what the arguments alone say."""
        if workspace and self._confined_in and not self._confined_in(workspace):
            return Risk.LEAVES
        return self._risk_of(arguments) if self._risk_of else self.risk

    def is_confined(self, workspace: Workspace) -> bool:
        """Whether what the tool starts in this workspace is held by a sandbox."""
        return bool(self._confined_in and self._confined_in(workspace))

    def validate(self, arguments: Mapping[str, object]) -> dict[str, Any]:
        """Coerce and complete the arguments. Raises ToolError with one sentence that names the wrong ones."""
        try:
            parsed = self.arguments_type.model_validate(dict(arguments))
        except ValidationError as error:
            raise ToolError(_explain(self, error)) from None
        values = {name: getattr(parsed, name) for name in self.arguments_type.model_fields}
        if self.risk is Risk.READS:
            # What is asked for is told again in the result, and nothing can carry half a character or a bare byte.
            values = {name: spelled(value) if isinstance(value, str) else value for name, value in values.items()}
        return values

    def preview(self, context: ToolContext, arguments: Mapping[str, Any]) -> str | None:
        """What the person is shown before approving: a command or a diff; None where the call would change nothing.

        Raises ToolError if the call cannot work.
        """
        if self._preview is None:
            return ", ".join(f"{name}={value!r}" for name, value in arguments.items())
        return self._preview(context, **arguments)

    def run(self, context: ToolContext, arguments: Mapping[str, object]) -> ToolResult:
        """Validate the arguments and run the tool on the context's workspace. Raises ToolError."""
        return self.function(context, **self.validate(arguments))

    def revive(self, result: Mapping[str, Any]) -> ToolResult:
        """The typed result again from its JSON form, as a session file or an event holds it."""
        return self.result_type.model_validate(dict(result))


def _explain(tool: Tool, error: ValidationError) -> str:
    names = ", ".join(tool.arguments_type.model_fields) or "none"
    problems: list[str] = []
    for problem in error.errors(include_url=False, include_context=False, include_input=False):
        where = ".".join(str(part) for part in problem["loc"])
        match problem["type"]:
            case "extra_forbidden":
                problems.append(f"there is no argument {where!r}")
            case "missing":
                problems.append(f"argument {where!r} is missing")
            case _:
                problems.append(f"argument {where!r}: {problem['msg'][:1].lower()}{problem['msg'][1:]}")
    return f"{tool.name}: {'; '.join(problems)} (its arguments: {names})."
