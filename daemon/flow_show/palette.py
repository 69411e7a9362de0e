"""The colours and letters of the drawing.

What lives here: its style sheet. What must not: places. Colours only repeat what is written: a kind
stands on every card, a sign says where it leads.
"""

from __future__ import annotations

from collections.abc import Iterable

KINDS = {
    # kind: header and rim, on a light and on a dark page
    "menu": ("#dbeafe", "#1d4ed8", "#1e3a5f", "#7fb0f5"),
    "question": ("#e0e7ff", "#4f46e5", "#312e63", "#a5a3f7"),
    "message": ("#e5e7eb", "#4b5563", "#374151", "#b6bdc9"),
    "request": ("#fef3c7", "#b45309", "#4a3510", "#e0a54a"),
    "branch": ("#f3e8ff", "#9333ea", "#42265f", "#c79bf5"),
    "job": ("#dcfce7", "#15803d", "#17402a", "#6fce94"),
    "person": ("#ffe4e6", "#be123c", "#561d2b", "#f58ba0"),
    "value": ("#ccfbf1", "#0f766e", "#123f3c", "#5ec9bd"),
    "call": ("#fce7f3", "#be185d", "#501d38", "#f193c1"),
}
_CLASSES = {
    "if": "branch",
    "hours": "branch",
    "start job": "job",
    "cancel job": "job",
    "job status": "job",
    "hand-over": "person",
    "set": "value",
    "forget": "value",
    "language": "value",
    "mute": "value",
    "unmute": "value",
    "return": "call",
}


def kind_class(kind: str) -> str:
    """The family of a kind of step: its colours."""
    return _CLASSES.get(kind, kind)


# Colours by their use: on a light page, on a dark page.
_USES = {
    "ink": ("#111827", "#e5e7eb"),
    "soft": ("#4b5563", "#a3adba"),
    "paper": ("#ffffff", "#0d1117"),
    "card": ("#ffffff", "#161b22"),
    "rule": ("#e5e7eb", "#30363d"),
    "line": ("#374151", "#9aa4b2"),
    "tab": ("#f3f4f6", "#21262d"),
    "bad": ("#b91c1c", "#ff7b72"),
    "frame": ("#f8fafc", "#10161e"),
}

_SHAPES = """\
text{font-family:Arial,"Liberation Sans",Arimo,Helvetica,Roboto,sans-serif;font-size:10px}
.title{font-size:20px;font-weight:700}
.about{font-size:12px}
.name{font-size:12.5px;font-weight:700}
.says,.label{font-size:11.5px}
.t-start{font-weight:700}
.rim,.rule,.line,.p-from,.p-elsewhere,.p-nowhere{fill:none}
.rim{stroke-width:1.2}
.is-root .rim{stroke-width:3}
.at-fault .rim{stroke-width:2.4;stroke-dasharray:6 3}
.line{stroke-width:1.4}
.p-tab,.p-root,.p-named,.p-back,.p-elsewhere{stroke-width:.8}
.p-elsewhere{stroke-dasharray:3 2}
.frame rect{stroke-dasharray:7 4}
"""

_COLOURS = (
    ("text", "fill", "ink"),
    (".about,.fact,.note,.t-from,.t-elsewhere", "fill", "soft"),
    (".t-start", "fill", "paper"),
    (".page", "fill", "paper"),
    (".body", "fill", "card"),
    (".rule", "stroke", "rule"),
    (".line", "stroke", "line"),
    (".head,.p-start", "fill", "line"),
    (".p-tab,.p-named,.p-back", "fill", "tab"),
    (".p-tab", "stroke", "line"),
    (".p-named,.p-back,.p-elsewhere,.frame rect", "stroke", "soft"),
    (".p-nowhere", "stroke", "bad"),
    (".frame rect", "fill", "frame"),
)
_AT_FAULT = ((".fault,.t-nowhere", "fill", "bad"), (".at-fault .rim", "stroke", "bad"))
"""Behind the kinds, which have a say in rims too."""


def _coloured(*, dark: bool) -> str:
    """Each colour as it is, and no variables: not everything that shows SVG knows them."""

    def rules(uses: Iterable[tuple[str, str, str]]) -> list[str]:
        return [f"{which}{{{what}:{_USES[use][dark]}}}" for which, what, use in uses]

    kinds = []
    for kind, colours in KINDS.items():
        header, rim = colours[2:] if dark else colours[:2]
        kinds.append(f".k-{kind} .header{{fill:{header}}}.k-{kind} .rim{{stroke:{rim}}}")
        kinds.append(f".k-{kind} .kind{{fill:{rim}}}")
    header, rim = KINDS["menu"][2:] if dark else KINDS["menu"][:2]
    kinds.append(f".p-root{{fill:{header};stroke:{rim}}}")
    return "\n".join([*rules(_COLOURS), *kinds, *rules(_AT_FAULT)])


STYLE = (
    f"\n{_SHAPES}{_coloured(dark=False)}\n"
    f"@media screen and (prefers-color-scheme:dark){{\n{_coloured(dark=True)}\n}}\n"
)
