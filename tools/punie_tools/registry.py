"""Every tool, in the order in which people and models see them. No discovery: a tool is here or it does not exist."""

from __future__ import annotations

from punie_tools.tool import Tool

TOOLS: tuple[Tool, ...] = ()
