"""Several mistakes in one file: all at once, in order, each once."""


def test_the_good_file_is_good(good, read):
    assert read(good).warnings == ()


def test_all_mistakes_are_reported_at_once_and_in_order(change, problems):
    text = change(
        ("formulas", "formula: derived"),
        ("  epsilon", "  epsilon: {range: [1e-2, 1e-8]}"),
        ("  y_e", "  y_e: {mn: 1e-3, max: 3}"),
        ("  m_E", "  m_E: -2000"),
        ("  meg2", "  megg2: {}"),
        ("  - sample", "  - sample: {until: {of: mueff}}"),
    )
    found = problems(text)
    assert [p.location.line for p in found] == [3, 8, 10, 19, 21, 26]
    assert len("\n".join(map(str, found)).splitlines()) == 6


def test_two_mistakes_on_one_line_are_two_messages(change, problems):
    found = problems(change(("  y_e", "  y_e: {range: [3, 1], prior: flat, reference: x, convention: 1}")))
    assert len(found) == 4
    assert {p.location.line for p in found} == {10}


def test_a_circle_of_ties_is_reported_at_each(change, problems):
    found = problems(
        change(
            ("  m_majorana", "  m_majorana: {same_as: m_dirac}"),
            ("  m_dirac", "  m_dirac: {expr: 2*m_majorana}"),
        )
    )
    assert [(p.location.line, p.message.partition(": ")[2]) for p in found] == [
        (17, "m_majorana -> m_dirac -> m_majorana"),
        (18, "m_dirac -> m_majorana -> m_dirac"),
    ]


def test_several_missing_parameters_are_one_message(change, problems):
    (problem,) = problems(change(("  m_E", ""), ("  m_dirac", "")))
    assert "m_dirac, m_E" in problem.message


def test_no_experiments_at_all(change, problems):
    (problem,) = problems(change(("  meg2", ""), ("  na64", ""), ("  borexino", "")))
    assert "no experiment is asked for" in problem.message


def test_blocks_of_the_wrong_kind(problems):
    found = problems("parameters: [1]\nexperiments: meg2\nvariants: {a: b}\ntasks: maximise\n")
    assert [(p.location.line, p.message.split(",")[0].split(" (")[0]) for p in found] == [
        (1, "parameters is a mapping"),
        (2, "experiments is a mapping"),
        (3, "variants is a list"),
        (4, "tasks is a list"),
    ]
