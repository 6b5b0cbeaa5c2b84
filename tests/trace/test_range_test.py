"""What a range test saw, as a value; and the points that it names."""

from __future__ import annotations

import copy
import dataclasses
import json
import math
import pickle
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from passo import PassoError, RangeTest
from passo.trace import Suggestion
from passo.trace.suggest import noise, running_median, smoothed

losses = st.lists(st.floats() | st.floats(-10, 10), min_size=1, max_size=40)
finite = st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=40)


def rates(count, low=1e-7, decades=8.0):
    return tuple(low * 10 ** (decades * k / max(1, count - 1)) for k in range(count))


@st.composite
def range_tests(draw):
    runs = draw(st.lists(losses, min_size=1, max_size=3))
    key = draw(st.sampled_from(["lr", "weight_decay"]))
    return RangeTest(rates(max(map(len, runs))), tuple(map(tuple, runs)), key)


def of(*runs):
    return RangeTest(rates(max(map(len, runs))), runs)


@given(range_tests())
def test_it_equals_what_is_copied_pickled_written_and_read(tmp_path_factory, test):
    path = tmp_path_factory.mktemp("range") / "test.json"
    test.write(path)
    assert RangeTest.load(path) == test
    assert copy.deepcopy(test) == test == pickle.loads(pickle.dumps(test))
    assert eval(repr(test), {"RangeTest": RangeTest, "nan": math.nan, "inf": math.inf}) == test


def test_the_file_is_plain_json_and_holds_the_suggestion(tmp_path):
    of((2.0, math.nan)).write(tmp_path / "test.json")
    found = json.loads((tmp_path / "test.json").read_text("utf-8"))
    assert found["runs"] == [[2.0, "nan"]]
    assert found["suggestion"]["best"] is None
    assert found["suggestion"]["reason"].startswith("only 0 points")


@given(range_tests())
def test_no_point_that_it_names_is_an_edge_or_beside_a_loss_that_is_not_finite(test):
    odd = [k for k, loss in enumerate(test.losses) if not math.isfinite(loss)]
    for point in (test.steepest(), test.valley(), test.minimum()):
        if point is not None:
            place = test.values.index(point)
            assert 0 < place < len(test.values) - 1
            assert all(place < k - 1 for k in odd)
    tenth = test.tenth()
    assert tenth is None or tenth > test.values[0]


@given(range_tests())
def test_a_suggestion_lies_inside_what_was_tested_and_away_from_what_is_not_finite(test):
    found = test.suggestion()
    assert 0 <= found.sure <= 1
    assert found.reason
    if not found:
        assert found == Suggestion(None, None, None, 0.0, found.reason)
        return
    assert test.ramp[0] <= found.low < found.best <= found.high < test.ramp[-1]
    assert test.ramp[0] < found.best
    for run in test.runs:
        odd = [k for k, loss in enumerate(run) if not math.isfinite(loss)]
        if odd and len(test.runs) == 1:
            assert found.high < test.ramp[max(0, odd[0] - 1)]


@given(finite)
def test_a_smoothed_loss_lies_between_the_losses_so_far(given):
    for k, level in enumerate(smoothed(rates(len(given)), given)):
        low, high = min(given[: k + 1]), max(given[: k + 1])
        room = 1e-9 * max(abs(low), abs(high))
        assert low - room <= level <= high + room


@given(losses, st.data())
def test_no_loss_colours_what_came_before_it(given, data):
    cut = data.draw(st.integers(0, len(given)))
    whole = smoothed(rates(40)[: len(given)], given)
    changed = smoothed(rates(40)[: len(given)], given[:cut] + [9e9] * (len(given) - cut))
    assert repr(whole[:cut]) == repr(changed[:cut])


def test_smoothing_depends_on_the_rates_and_not_on_how_many_there_are():
    coarse, fine = rates(41), rates(401)
    curve = [smoothed(x, [math.log10(each) for each in x])[-1] for x in (coarse, fine)]
    assert curve[0] == pytest.approx(curve[1], abs=0.15)


def test_a_running_median_keeps_an_edge_and_drops_a_spike():
    assert running_median([2.0] * 9 + [1.0] * 9, 5) == [2.0] * 9 + [1.0] * 9
    assert running_median([1.0, 1.0, 1e30, 1.0, 1.0], 3) == [1.0] * 5


def test_noise_does_not_see_slopes_or_jumps():
    assert noise([2.0 - k / 16 for k in range(20)] + [50.0] * 20) == 0
    assert noise([1.0]) == 0


# -- points


FALL = tuple([2.0] * 20 + [2.0 - 0.1 * k for k in range(15)] + [0.6, 5.0, 50.0, 500.0])


def test_the_points_of_a_plain_curve_stand_in_order():
    test = of(FALL)
    assert test.values[19] < test.valley() <= test.minimum()
    assert test.values[19] < test.steepest() <= test.minimum()
    assert test.minimum() == test.values[35]
    assert test.tenth() == test.minimum() / 10


@pytest.mark.parametrize("given", [(1.0,), (1.0, 2.0), (1.0, 2.0, 3.0, 4.0), (math.nan,) * 5])
def test_a_curve_without_a_way_down_names_no_point(given):
    test = of(given)
    assert (test.steepest(), test.valley(), test.minimum(), test.tenth()) == (None,) * 4


def test_the_loss_of_repeats_is_their_mean_as_far_as_all_of_them_came():
    test = of((1.0, 2.0, 3.0), (3.0, 4.0))
    assert (test.ramp, test.values, test.losses) == (rates(3), rates(3)[:2], (2.0, 3.0))
    assert test.band[0] <= test.smoothed <= test.band[1]


# -- suggestions


@pytest.mark.parametrize("bad", [math.nan, math.inf, -math.inf])
@pytest.mark.parametrize("place", range(len(FALL)))
def test_a_loss_that_is_not_finite_is_never_suggested_wherever_it_is(bad, place):
    given = (*FALL[:place], bad, *FALL[place + 1 :])
    test = of(given)
    found = test.suggestion()
    if found:
        assert found.high < test.values[place - 1]
        assert all(map(math.isfinite, (found.low, found.best, found.high)))


@given(st.floats(-100, 100), st.floats(0.01, 100))
def test_the_suggestion_does_not_depend_on_where_the_loss_begins_or_on_its_unit(shift, scale):
    same = of(tuple(loss * scale + shift for loss in FALL)).suggestion()
    assert (same.low, same.best, same.high) == pytest.approx(
        (of(FALL).suggestion().low, of(FALL).suggestion().best, of(FALL).suggestion().high)
    )


def test_repeats_that_agree_are_surer_than_repeats_that_do_not():
    later = FALL[:20] + tuple(loss for loss in FALL[20:] for _ in range(2))
    earlier = FALL[5:]
    noisy = [tuple(x + 0.02 * (-1) ** k for k, x in enumerate(run)) for run in (FALL, later)]
    alike = of(noisy[0], noisy[0]).suggestion()
    apart = of(*noisy, earlier).suggestion()
    assert 0 < apart.sure < alike.sure < 1


def test_the_highest_of_a_range_is_half_of_the_lowest_turn_at_most():
    test = of(FALL, FALL[10:])
    assert test.suggestion().high <= rates(len(FALL))[26] / 2


REFUSALS = {
    "only 5 points came before the loss diverged or the test ended, and a suggestion needs 10; "
    "write a lower low=, or more steps=": (2.0, 2.0, 2.0, 2.0, 2.0, 2.0, math.nan),
    "the loss stayed at 2: it did not fall up to 10": (2.0,) * 40,
    "the loss did not fall and rose from 2.5e-07 on: this network is trained already, low= is too "
    "high, or the updates too few; write a lower low=, or more steps=": tuple(
        2.0 + k / 4 for k in range(41)
    ),
    "the loss fell by 2.1, no more than its noise explains (a running median strays by 1.4); "
    "write more steps=, or larger batches": tuple(
        2.0 + (-1) ** k - (0.1 if k > 20 else 0) for k in range(40)
    ),
    "the loss was last low at 3.6e-06, less than ten times the lowest rate tested; "
    "write low=1e-08 or less": None,
}


@pytest.mark.parametrize("reason", REFUSALS)
def test_a_refusal_says_why(reason):
    given = REFUSALS[reason]
    test = of(given) if given else RangeTest(rates(39, low=1e-6, decades=0.6), (FALL,))
    found = test.suggestion()
    assert not found
    assert found.reason == reason
    assert found == Suggestion(None, None, None, 0.0, reason)


@pytest.mark.parametrize("name", ["low", "best", "high"])
def test_a_rate_of_a_refusal_is_an_error_that_says_what_was_refused(name):
    with pytest.raises(PassoError) as caught:
        getattr(of((2.0,) * 40).suggestion(), name)
    assert str(caught.value) == (
        f"the range test suggests nothing, so there is no {name!r} rate: the loss stayed at 2: it "
        f"did not fall up to 10 (write `if found:` before found.{name})"
    )


def test_a_refusal_is_still_a_value_with_a_repr():
    found = Suggestion(None, None, None, 0.0, "why")
    text = "Suggestion(low=None, best=None, high=None, sure=0.0, reason='why')"
    assert repr(found) == text
    assert eval(text) == found == pickle.loads(pickle.dumps(found)) == copy.copy(found)
    assert hash(found) == hash(Suggestion(None, None, None, 0.0, "why"))
    assert found != Suggestion(0.1, 0.2, 0.3, 0.0, "why")
    with pytest.raises(dataclasses.FrozenInstanceError):
        found.sure = 1.0


def test_rates_below_zero_suggest_nothing():
    found = RangeTest(tuple(range(-80, 0, 2)), ((*FALL, 9.0),)).suggestion()
    assert found.reason == "the loss was last low at a rate that is not above 0; write low=1e-7"


def test_a_curve_that_never_rises_is_less_sure_and_says_so():
    falling = FALL[:36]
    found = of(falling).suggestion()
    assert found
    assert found.sure <= 0.5
    assert found.reason == (
        "a tenth of 10; the loss did not rise up to 10, so higher rates may do as well: "
        "write a higher high="
    )


def test_a_loss_that_stands_still_at_the_end_counts_up_to_where_it_stopped():
    stuck = (*FALL[:35], *([FALL[34]] * 40))
    found = of(stuck).suggestion()
    assert found.best == pytest.approx(rates(75)[34] / 10)


# -- what is refused


@pytest.mark.parametrize(
    ("ramp", "runs", "text"),
    [
        ((), (), "a range test needs values that ascend, got []"),
        ((2.0, 1.0), ((1, 2),), "a range test needs values that ascend, got [2.0, 1.0]"),
        ((1.0, math.nan), ((1, 2),), "a range test needs values that ascend, got [1.0, nan]"),
        (
            (1.0, 2.0),
            (),
            (
                "a range test needs a loss for each of its 2 values, and repeats of at most as "
                "many, got [] losses"
            ),
        ),
        (
            (1.0, 2.0),
            ((1,), ()),
            (
                "a range test needs a loss for each of its 2 values, and repeats of at most as "
                "many, got [1, 0] losses"
            ),
        ),
    ],
)
def test_parts_that_do_not_fit_are_refused(ramp, runs, text):
    message = re.escape(f"{text}; write RangeTest(values, [losses])")
    with pytest.raises(PassoError, match=f"^{message}$"):
        RangeTest(ramp, runs)


@pytest.mark.parametrize(
    ("content", "text"),
    [
        (
            "",
            ("{!r} is not the file of a range test: Expecting value: line 1 column 1 (char 0)"),
        ),
        ("[1]", "{!r} is not the file of a range test"),
        ('{"passo": "trace"}', "{!r} is not the file of a range test"),
        (
            '{"passo": "range test", "version": 2}',
            (
                "{!r} is a range test of version 2, this passo reads version 1; "
                "write pip install --upgrade passo"
            ),
        ),
        (
            (
                '{"passo": "range test", "version": 1, "key": "lr", "ramp": [1, "x"], '
                '"runs": [[1]], "suggestion": {}}'
            ),
            ("{!r} is not the file of a range test: test.ramp[1] must be a number, got 'x'"),
        ),
        (
            (
                '{"passo": "range test", "version": 1, "key": "lr", "ramp": 3, '
                '"runs": [[1]], "suggestion": {}}'
            ),
            "{!r} is not the file of a range test: test.ramp must be a list, got 3",
        ),
    ],
)
def test_another_file_is_refused(tmp_path, content, text):
    path = tmp_path / "test.json"
    path.write_text(content, "utf-8")
    with pytest.raises(PassoError, match=f"^{re.escape(text.format(str(path)))}$"):
        RangeTest.load(path)
