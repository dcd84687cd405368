"""What of LaTeX's mathematics a label may hold: nothing that a table of an article would choke on."""

from __future__ import annotations

import re

_SIGNS = """
alpha beta gamma delta epsilon varepsilon zeta eta theta vartheta iota kappa lambda mu nu xi pi varpi rho
varrho sigma varsigma tau upsilon phi varphi chi psi omega Gamma Delta Theta Lambda Xi Pi Sigma Upsilon Phi
Psi Omega ell hbar imath jmath Re Im aleph wp partial nabla infty prime emptyset forall exists neg angle
pm mp times div ast star circ bullet cdot cap cup wedge vee oplus ominus otimes odot dagger ddagger setminus
leq le geq ge ll gg sim simeq approx equiv propto subset supset subseteq supseteq in ni perp parallel mid to
gets leftarrow rightarrow leftrightarrow uparrow downarrow surd langle rangle lbrace rbrace vert
Vert triangle top bot lesssim gtrsim leqslant geqslant
"""
_LONGER = """
neq ne cong notin not Leftarrow Rightarrow Leftrightarrow mapsto longrightarrow longleftarrow int oint ldots
cdots vdots dots quad qquad sin cos tan cot sec csc sinh cosh tanh coth arcsin arccos arctan exp log ln lg
det dim ker arg deg gcd hom sum prod lim sup inf max min limsup liminf Pr
"""
"""Made of several: as a script, they need braces."""

_FONTS = """
mathrm mathbf mathsf mathit mathtt mathcal mathnormal mathbb mathfrak text
"""
_SWITCHES = "rm bf it sf tt cal"
_ACCENTS = "hat check breve acute grave tilde bar vec dot ddot widehat widetilde overline underline sqrt"

_GROUP, _FENCED = "\0", "\1"
"""Stand for a group in braces, and one between left and right, that has been read."""

_DEEPEST = 20
"""Groups within groups; TeX gives up at some two hundred."""


def _commands(names: str) -> str:
    return rf"\\(?:{'|'.join(names.split())})(?![A-Za-z]) *"


_SIGN = _commands(_SIGNS)
_ONE = rf"(?:{_GROUP} *|[A-Za-z0-9] *|{_SIGN})"
_FONT = rf"{_commands(_FONTS)}{_GROUP} *"
_FENCE = rf"(?:[()\[\]|/.] *|\\[{{}}|] *|{_commands('langle rangle vert Vert lbrace rbrace')})"
_ATOM = "|".join(
    [
        _ONE,
        _FONT,
        _commands(_LONGER),
        rf"{_FENCED} *",
        r"[.,;:!?+\-*/=<>()|\[\]@] *",
        r"\\[,;:! %$#&_{}|] *",
        rf"{_commands(_ACCENTS)}{_ONE}",
        _commands(_SWITCHES),
        rf"{_commands('boldsymbol operatorname')}{_GROUP} *",
        rf"{_commands('frac dfrac tfrac binom')}{_ONE}{_ONE}",
        rf"{_commands('sqrt')}\[[A-Za-z0-9]\] *{_ONE}",
        rf"{_commands('[bB]igg?[lrm]?')}{_FENCE}",
    ]
)
_RAISED = rf"(?:{_ONE}|{_FONT}|[+\-*] *)"
_ABOVE = rf"(?:'+(?:\^ *{_ONE})? *|\^ *{_RAISED})"
_BELOW = rf"_ *{_RAISED}"
_SCRIPTS = rf"(?:{_BELOW}(?:{_ABOVE})?|{_ABOVE}(?:{_BELOW})?)?"
_LIST = rf" *{_SCRIPTS}(?:(?:{_ATOM}){_SCRIPTS})*"
_GROUPS = re.compile(rf"\{{{_LIST}\}}")
_FENCES = re.compile(rf"{_commands('left')}{_FENCE}{_LIST}{_commands('right')}{_FENCE}")
_WHOLE = re.compile(_LIST)


def compiles(mathematics: str) -> bool:
    r"""Return True for mathematics (without dollar signs) that LaTeX sets anywhere, with amsmath, amssymb.

    Known symbols, scripts, fonts, accents, ``\frac``, ``\sqrt`` and delimiters that match: what has another
    meaning, or none, is not among them.
    """
    if not (mathematics.isascii() and mathematics.isprintable()):
        return False
    for _ in range(_DEEPEST):
        mathematics = _FENCES.sub(_FENCED, _GROUPS.sub(_GROUP, mathematics))
    return _WHOLE.fullmatch(mathematics) is not None
