"""The closed loop: what to do for which customer or theme, by whom, before when."""

from klankbord.loop.drafts import check_draft
from klankbord.loop.follow_up import follow_up
from klankbord.loop.lifecycle import ActionState, Outcome
from klankbord.loop.plan import plan
from klankbord.loop.routing import departments, huddle_question

__all__ = [
    "ActionState",
    "Outcome",
    "check_draft",
    "departments",
    "follow_up",
    "huddle_question",
    "plan",
]
