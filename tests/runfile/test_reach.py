"""A free parameter has to move something."""


def test_a_parameter_that_moves_nothing(change, problems):
    (problem,) = problems(change(("  meg2", ""), ("  m_E", "  m_E: {range: [1270, 1e4]}")))
    assert str(problem) == (
        "fit.yaml:19: free parameter 'm_E' moves no experiment and no quantity asked for: "
        "give it a value or leave it out"
    )


def test_an_experiment_is_enough(change, read):
    assert read(change(("  m_E", "  m_E: {range: [1270, 1e4]}"))).base.parameters["m_E"].free


def test_a_quantity_asked_for_is_enough(change, read):
    asked = ("  - sample", "  - profile: {x: BR_mu_e_gamma, range: [1e-15, 1e-12]}")
    assert read(change(("  meg2", ""), ("  m_E", "  m_E: {range: [1270, 1e4]}"), asked)).warnings == ()


def test_a_tie_counts(change, problems, read):
    fixed = [(f"  {name}", f"  {name}: 0.5") for name in ("y_e", "y_mu", "flavour_angle")]
    alone = [("  meg2", ""), ("  borexino", ""), ("  - sample", "")]
    alone.append(("  - maximise", "  - maximise: {quantity: BR_invisible, along: m_dark_photon}"))
    (problem,) = problems(change(*fixed, *alone))
    assert "free parameter 'g_D'" in problem.message
    assert read(change(*fixed, *alone, ("  epsilon", "  epsilon: {expr: g_D/1000}"))).warnings == ()


def test_a_constraint_alone_is_no_reason_to_scan(change, problems):
    (problem,) = problems(
        change(("  borexino", ""), ("  m_E", "  m_E: 2000\n  P_ee: {constraint: 0.53 +- 0.05}"))
    )
    assert "free parameter 'P_ee'" in problem.message


def test_idle_in_some_variants_only_is_a_warning(change, read):
    text = change(("  m_E", "  m_E: 2000\n  P_ee: {constraint: 0.53 +- 0.05}"))
    file = read(text + "variants:\n  - {label: all}\n  - {label: two, remove: [borexino]}\n")
    (warning,) = file.warnings
    assert "'P_ee' moves no experiment and no quantity asked for in variant 'two'" in warning.message
    assert warning.location.line == 20


def test_without_tasks_the_moment_is_what_is_asked_for(change, problems, read):
    no_tasks = [("tasks", ""), ("  - maximise", ""), ("  - sample", "")]
    assert read(change(*no_tasks)).warnings == ()
    (problem,) = problems(change(*no_tasks, ("  meg2", ""), ("  m_E", "  m_E: {range: [1270, 1e4]}")))
    assert "free parameter 'm_E'" in problem.message
