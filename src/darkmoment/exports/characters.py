"""Characters as LaTeX: what a plain article prints, in its default encodings and without any package."""

from __future__ import annotations

from unicodedata import normalize

_ASCII = {c: f"\\{c}" for c in "&%$#_{}"} | {
    "\\": r"\textbackslash{}",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
    "<": r"\textless{}",
    ">": r"\textgreater{}",
    "|": r"\textbar{}",
    # the sign of this place in every encoding, also where a language makes it a command
    '"': r"\char34{}",
}

_DIAERESIS = "\u0308"


def _table(text: str) -> dict[str, str]:
    """Return what stands alternately in a text: character, LaTeX."""
    words = text.split()
    return dict(zip(words[::2], words[1::2], strict=True))


_GREEK = _table(r"""
α \alpha β \beta γ \gamma δ \delta ε \epsilon ζ \zeta η \eta θ \theta ι \iota κ \kappa λ \lambda μ \mu
ν \nu ξ \xi ο o π \pi ρ \rho ς \varsigma σ \sigma τ \tau υ \upsilon φ \phi χ \chi ψ \psi ω \omega
Α \mathrm{A} Β \mathrm{B} Γ \Gamma Δ \Delta Ε \mathrm{E} Ζ \mathrm{Z} Η \mathrm{H} Θ \Theta Ι \mathrm{I}
Κ \mathrm{K} Λ \Lambda Μ \mathrm{M} Ν \mathrm{N} Ξ \Xi Ο \mathrm{O} Π \Pi Ρ \mathrm{P} Σ \Sigma
Τ \mathrm{T} Υ \Upsilon Φ \Phi Χ \mathrm{X} Ψ \Psi Ω \Omega
ϑ \vartheta ϕ \phi ϖ \varpi ϱ \varrho ϵ \epsilon µ \mu
""")


def _accented(character: str) -> str:
    """Return a Greek letter with its accents."""
    letter, *marks = list(normalize("NFD", character))
    name = _GREEK[letter]
    for mark in marks:
        name = rf"\{'ddot' if mark == _DIAERESIS else 'acute'}{{{name}}}"
    return name


_ACCENTED = {c: _accented(c) for c in "ΆΈΉΊΌΎΏΐΪΫάέήίΰϊϋόύώ"}
_SIGNS = _table(r"""
→ \to ← \leftarrow ↔ \leftrightarrow ⇒ \Rightarrow ↦ \mapsto × \times ± \pm ∓ \mp − - · \cdot ⋅ \cdot
∗ \ast ≤ \leq ≥ \geq ≪ \ll ≫ \gg ≠ \neq ≈ \approx ≃ \simeq ∼ \sim ≡ \equiv ∝ \propto ∈ \in ∞ \infty
∂ \partial ∇ \nabla ∑ \sum ∏ \prod ∫ \int √ \surd ⊕ \oplus ⊗ \otimes ℓ \ell ħ \hbar ℏ \hbar ∅ \emptyset
‖ \parallel ⟨ \langle ⟩ \rangle « \ll » \gg ‹ < › > ′ ^\prime ″ ^{\prime\prime}
⁺ ^+ ⁻ ^- ⁰ ^0 ¹ ^1 ² ^2 ³ ^3 ⁴ ^4 ⁵ ^5 ⁶ ^6 ⁷ ^7 ⁸ ^8 ⁹ ^9
₊ _+ ₋ _- ₀ _0 ₁ _1 ₂ _2 ₃ _3 ₄ _4 ₅ _5 ₆ _6 ₇ _7 ₈ _8 ₉ _9
""")
_TYPOGRAPHY = _table(r"""
‐ - ‑ - ‒ -- – -- — --- ― --- ‘ ` ’ ' ‚ , “ `` ” '' „ ,, … \dots{} • \textbullet{} † \dag{} ‡ \ddag{}
™ \texttrademark{} € \texteuro{} ‰ \textperthousand{}
""")
_SPACES = {
    **{"\u00a0": "~", "\u202f": r"\,", "\u2009": r"\,", "\u00ad": r"\-"},
    **dict.fromkeys("\u2002\u2003\u2007\u2008\u200a", " "),
    **dict.fromkeys("\u200b\u200c\u200d\u2060\ufeff", ""),
}
_UNKNOWN = set("ÐÞðþĄąĐđĘęĦĮįĸĿŀŉŊŋŦŧŲųſ")
"""Latin letters that need fonts of another encoding."""

_LATIN = {chr(code) for code in range(0xA1, 0x180)} - _UNKNOWN | set("ȘșȚț")
"""Letters and signs that LaTeX reads as they are."""

_NAMES = _GREEK | _ACCENTED | _SIGNS
_MATHEMATICS = {c: f"${name}$" for c, name in _NAMES.items()}
_KNOWN = {c: c for c in _LATIN} | _ASCII | _TYPOGRAPHY | _SPACES | _MATHEMATICS


def escape(text: str) -> str:
    """Return plain text; a character LaTeX has no sign for is named by its code."""
    return "".join(_one(character) for character in normalize("NFC", text))


def in_mathematics(text: str) -> str:
    """Return mathematics with Greek letters and signs as commands."""
    return "".join(f"{_NAMES[c]} " if c in _NAMES else c for c in normalize("NFC", text))


def _one(character: str) -> str:
    if character in _KNOWN:
        return _KNOWN[character]
    if character.isascii():
        return character if character.isprintable() else " "
    return f"[U+{ord(character):04X}]"
