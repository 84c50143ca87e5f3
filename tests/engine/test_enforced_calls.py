"""Whatever the weights: a call that has begun parses and fits its tool's schema."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Any, Literal

import jsonschema
import pytest
from pydantic import BaseModel, ConfigDict, Field, create_model

from punie_tui.engine.protocol import Message, Request, Sampling, ToolCall, ToolSpec, Usage


class Shade(StrEnum):
    """Values that begin alike."""

    RED = "red"
    REDDISH = "reddish"


class Point(BaseModel):
    """A nested model, referred to by name in the schema."""

    x: int
    y: float = 0.0


def spec(name: str, **fields: Any) -> ToolSpec:
    model = create_model(name, __config__=ConfigDict(extra="forbid"), **fields)
    return ToolSpec(name, f"Does {name}.", model.model_json_schema())


TOOLS = (
    spec("git_status"),
    spec("grep", pattern=(str, ...), path=(str, "."), glob=(str | None, None), literal=(bool, False)),
    spec("paint", shade=(Shade, ...), mode=(Literal["a", "ab"], ...), at=(Point, ...)),
    spec(
        "count", number=(int, ...), share=(float | None, ...), code=(Annotated[str, Field(pattern="^[a-c]{2}$")], "ab")
    ),
    spec(
        "many",
        a=(list[str], ...),
        b=(bool, ...),
        c=(dict[str, int], {}),
        d=(int | str, 1),
        e=(Annotated[int, Field(ge=3, le=12)], 3),
        f=(bool | None, None),
    ),
)
SCHEMAS = {tool.name: tool.parameters for tool in TOOLS}
XML_ENDS = "<tool_call>\n</parameter>\n"


@pytest.mark.parametrize(
    ("architecture", "template", "favourites"),
    [
        ("qwen3", "xml", XML_ENDS),
        ("qwen3_moe", "json", '<tool_call>"'),
        ("llama", "llama", '{"'),
        ("qwen3", "no tools", '<tool_call>"'),
    ],
)
def test_begun_call_fits_its_schema(architecture, template, favourites, open_tiny) -> None:
    engine = open_tiny(architecture, template, favourites=favourites, eagerness=4.0)
    names: set[str] = set()
    for seed in range(12):
        sampling = Sampling(temperature=1.5, seed=seed, max_tokens=200)
        request = Request((Message("user", "Look around"),), TOOLS, sampling)
        deltas = list(engine.generate(request, lambda: False))
        assert isinstance(deltas[-1], Usage)
        for call in deltas:
            if isinstance(call, ToolCall):
                jsonschema.validate(dict(call.arguments), SCHEMAS[call.tool])
                names.add(call.tool)
    assert len(names) >= 2, "too few calls to say anything"
