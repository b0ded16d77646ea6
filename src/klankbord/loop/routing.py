"""Which department owns an action, and the question it brings to the huddle."""

from __future__ import annotations

from klankbord.loop.rules import rules
from klankbord.themes.codeframe import codeframe


def departments() -> tuple[str, ...]:
    """Return the departments that can own an action, in the order of the routing file."""
    return tuple(rules("routing")["departments"])


def huddle_question(department: str, language: str = "nl") -> str:
    """Return the question of a department for the huddle; "" for an unknown department."""
    asked = "questions_en" if language == "en" else "departments"
    return str(rules("routing")[asked].get(department, ""))


def owner_for_cause(cause: str, complaint_theme: str | None) -> str:
    """Route a step towards one customer; what no cause decides, the complaint theme does."""
    routing = rules("routing")
    owner = routing["causes"].get(cause) or owner_for_complaint(complaint_theme)
    inside = owner in routing["fallback"]["never_with_customers"]
    return str(routing["fallback"]["department"] if inside else owner)


def owner_for_complaint(complaint_theme: str | None) -> str:
    """Route to the owner of what the complaint is about."""
    code = codeframe().get(complaint_theme or "")
    return code.owner if code else str(rules("routing")["fallback"]["department"])


def owner_for_theme(owner: str, complaint_theme: str | None) -> str:
    """Keep the owner that a theme has, where that is a department; else route it."""
    return owner if owner in departments() else owner_for_complaint(complaint_theme)
