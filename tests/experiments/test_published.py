import pytest

from darkmoment.experiments.published import is_lower_limit, parse_limit, parse_measurement


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("< 1.5e-13 @ 90% CL", (1.5e-13, 0.90)),
        ("<7e-13@95%CL", (7e-13, 0.95)),
        ("< 2.8e-11 @ 90 % CL", (2.8e-11, 0.90)),
        ("> 1270 @ 95% CL", (1270, 0.95)),
    ],
)
def test_limits(text: str, expected: tuple[float, float]) -> None:
    assert parse_limit(text) == pytest.approx(expected, rel=1e-15)


def test_upper_and_lower() -> None:
    assert is_lower_limit(" > 1270 @ 95% CL")
    assert not is_lower_limit("< 1270 @ 95% CL")


@pytest.mark.parametrize(
    "text",
    ["1.5e-13 @ 90% CL", "< 1.5e-13", "< 0 @ 90% CL", "< -1 @ 90% CL", "< 1 @ 100% CL", "< x @ 90% CL"],
)
def test_what_is_no_limit_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"limit|level"):
        parse_limit(text)


@pytest.mark.parametrize(
    ("text", "value", "sigma"),
    [
        ("38(63)e-11", 3.8e-10, 6.3e-10),
        ("249(48)e-11", 2.49e-9, 4.8e-10),
        ("3.4(1.6)e-13", 3.4e-13, 1.6e-13),
        ("-10.2(2.6)e-13", -10.2e-13, 2.6e-13),
        ("2.9963(74)", 2.9963, 0.0074),
        ("116592071.5(14.5)", 116592071.5, 14.5),
        ("0.53 +- 0.17", 0.53, 0.17),
        ("0.047 ± 0.066", 0.047, 0.066),
        ("38e-11 +- 63e-11", 3.8e-10, 6.3e-10),
        ("(38 +- 63)e-11", 3.8e-10, 6.3e-10),
    ],
)
def test_measurements(text: str, value: float, sigma: float) -> None:
    assert parse_measurement(text) == pytest.approx((value, sigma), rel=1e-15)


@pytest.mark.parametrize("text", ["38", "38(63", "38(0)e-11", "38 +- -63", "a +- b", "38 63"])
def test_what_is_no_measurement_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"measurement|uncertainty"):
        parse_measurement(text)
