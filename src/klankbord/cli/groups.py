"""Command groups that list what they are about when no verb is given."""

from __future__ import annotations

from typing import Any

from typer.core import TyperGroup


class ListUnlessNamed(TyperGroup):
    """Takes `klankbord themes`, with or without options, for `klankbord themes list`."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:  # noqa: ANN401 - click's Context
        """Put the verb in front of options that have none."""
        if not args or (args[0].startswith("-") and args[0] not in ctx.help_option_names):
            args = ["list", *args]
        parsed: list[str] = super().parse_args(ctx, args)
        return parsed
