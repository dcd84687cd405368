from darkmoment.gathering import gathered


def test_what_many_variants_share_is_said_once():
    leans = [
        f"v{i}: the answer leans on m_S min 0.2 in {i} of 9 cells, elasticity -5.3{i}" for i in range(1, 6)
    ]
    same = [f"v{i}: na64 says nothing" for i in range(1, 4)]
    others = ["v1: babar is 5 sigma off", "v2: babar is 5 sigma off", "no label: 3"]
    found = gathered([*leans, *same, *others], [f"v{i}" for i in range(1, 6)])
    assert found == [
        "5 variants (v1; v2; v3; ...): the answer leans on m_S min 0.2 in 1 of 9 cells, elasticity -5.31; "
        "with other numbers in the others",
        "3 variants (v1; v2; v3): na64 says nothing",
        *others,
    ]


def test_nothing_is_lost_where_names_differ():
    """A number within a name is no number."""
    warnings = ["a: leans on m_H1 max 2", "b: leans on m_H2 max 2", "c: leans on m_A1 max 2"]
    assert gathered(warnings, "abc") == warnings


def test_a_label_that_begins_another_is_not_taken_for_it():
    warnings = ["a: b: one", "a: one", "a: b: two"]
    assert gathered(warnings, ["a", "a: b"]) == warnings


def test_variants_are_counted_once_each():
    """A file of two variants has no seven, however many tasks say the same of them."""
    warnings = [
        f"{label}: na64 says nothing in {n} of 8 cells" for n in (2, 3, 4) for label in ("A", "general")
    ]
    assert gathered([*warnings, "A: na64 says nothing in 5 of 8 cells"], ["A", "general"]) == [
        "A and general: na64 says nothing in 2 of 8 cells; 6 times more, with other numbers",
    ]
    assert gathered(["A: one"] * 3, ["A"]) == ["A: one"]
    three = [f"{label}: {n} cells" for n in (1, 2) for label in "abc"]
    assert gathered(three, "abc") == ["3 variants (a; b; c): 1 cells; with other numbers in the others"]
