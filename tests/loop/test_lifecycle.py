import pytest
from hypothesis import given
from hypothesis import strategies as st

from klankbord.loop.lifecycle import (
    ActionState,
    IllegalStepError,
    Outcome,
    check_outcome,
    check_step,
    next_states,
    outcomes,
)

LOOPS = st.sampled_from(["inner", "outer"])


@pytest.mark.parametrize("loop", ["inner", "outer"])
def test_the_usual_way_is_the_six_steps_in_order(loop):
    state = ActionState.VERZAMELD
    walked = [state]
    while state != ActionState.GEMETEN:
        state = next_states(state, loop)[0]
        walked.append(state)
    assert walked == list(ActionState)


def test_only_the_inner_loop_acts_without_announcing_it_first():
    assert ActionState.UITGEVOERD in next_states("actieplan", "inner")
    assert ActionState.UITGEVOERD not in next_states("actieplan", "outer")


@given(state=st.sampled_from(ActionState), to=st.sampled_from(ActionState), loop=LOOPS)
def test_a_step_is_legal_or_refused_with_the_legal_ones(state, to, loop):
    legal = next_states(state, loop)
    if to in legal:
        check_step(state, to, loop, closed=False)
        return
    with pytest.raises(IllegalStepError) as caught:
        check_step(state, to, loop, closed=False)
    assert caught.value.hint == f"it can: {', '.join(legal)}"


@given(state=st.sampled_from(ActionState), end=st.sampled_from(Outcome), loop=LOOPS)
def test_nothing_follows_on_a_closed_action(state, end, loop):
    with pytest.raises(IllegalStepError, match="closed"):
        check_outcome(state, end, closed=True)
    for to in ActionState:
        with pytest.raises(IllegalStepError, match="closed"):
            check_step(state, to, loop, closed=True)


def test_success_can_be_told_only_of_what_was_carried_out():
    assert outcomes("actieplan") == (Outcome.VALS_ALARM, Outcome.BEWUST_AFSCHEID)
    assert outcomes("uitgevoerd") == tuple(Outcome)
    with pytest.raises(IllegalStepError) as caught:
        check_outcome("gecommuniceerd", "geslaagd", closed=False)
    assert caught.value.hint == "it can: vals alarm, bewust afscheid"


def test_an_unknown_state_is_a_bug_of_the_caller():
    with pytest.raises(ValueError, match="onzin"):
        next_states("onzin", "inner")
