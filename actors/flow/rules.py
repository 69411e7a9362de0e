"""The rules of flow files, each with a code that stays.

What lives here: the one list of codes and titles. What must not: looking for faults (`form`,
`check`). What each means, with an example, is in docs/flow-check.md; a test holds the two together.
`E`: the flow is refused. `W`: it runs, and not as its author means it. `N`: worth knowing.

A code is never given to another rule. A rule that would refuse files which ran before is a warning.
"""

from __future__ import annotations

from enum import Enum

from msgspec import Struct


class Severity(Enum):
    """How bad a fault is."""

    ERROR = "error"
    WARNING = "warning"
    NOTE = "note"


class Rule(Struct, frozen=True):
    """One thing that can be at fault."""

    code: str
    title: str

    @property
    def severity(self) -> Severity:
        """As its letter says."""
        return _LETTERS[self.code[0]]


_LETTERS = {"E": Severity.ERROR, "W": Severity.WARNING, "N": Severity.NOTE}
RULES: dict[str, Rule] = {}
"""By code, in the order of the documentation."""


def _rule(code: str, title: str) -> Rule:
    assert code not in RULES, code
    RULES[code] = Rule(code, title)
    return RULES[code]


# --- the form of the file -----------------------------------------------------------------------

UNREADABLE = _rule("E101", "the file cannot be read")
DOUBLE_KEY = _rule("E102", "a key comes twice")
UNKNOWN_KEY = _rule("E103", "a key that there is not")
MISSING_KEY = _rule("E104", "a key is missing")
WRONG_KIND = _rule("E105", "a value of another kind")
WRONG_VALUE = _rule("E106", "a value that is not allowed")
TOO_MANY = _rule("E107", "too many or too few")

# --- steps --------------------------------------------------------------------------------------

UNKNOWN_STEP = _rule("E201", "a step that there is not")
ROOT_NO_MENU = _rule("E202", "the root is no menu")
SILENT_LOOP = _rule("E203", "steps go round without waiting")
UNKNOWN_SUBFLOW = _rule("E204", "a sub-flow that there is not")
STRAY_RETURN = _rule("E205", "a return outside of a sub-flow")
CALLS_GO_ROUND = _rule("E206", "sub-flows call each other in a circle")
CALLS_TOO_DEEP = _rule("E207", "sub-flows too deep inside each other")
UNREACHABLE = _rule("W211", "a step that nothing leads to")
DEAD_END = _rule("W212", "a dead end")
REQUEST_LOOP = _rule("W213", "requests go round without a customer")
LONG_WAY = _rule("W214", "too many steps in one go")
UNUSED_SUBFLOW = _rule("W215", "a sub-flow that is never called")
NO_RETURN = _rule("W216", "a sub-flow that never returns")
CASE_NEVER = _rule("W217", "a case that never comes")
CONDITION_FIXED = _rule("W218", "a condition that is always the same")

# --- texts and menus ----------------------------------------------------------------------------

NO_TEXT = _rule("E301", "a text is missing in a language")
STRAY_LANGUAGE = _rule("E302", "a language that the flow does not speak")
TOO_LONG = _rule("E303", "more than is shown")
TEXT_FAULT = _rule("E304", "a placeholder with a fault")
VALUE_IN_TITLE = _rule("E305", "a value where none can stand")
EMPTY_TEXT = _rule("E306", "an empty text where something must be shown")
NOTHING_SHOWN = _rule("E307", "a menu that can be empty")
NOTHING_SAID = _rule("W311", "an empty text")
TWO_MESSAGES = _rule("W312", "a menu and what is said before it do not fit together")
TITLES_ALIKE = _rule("W313", "titles that look alike")
CUT_AS_BUTTON = _rule("W314", "a title that is cut when it is a button")
NOT_SEEN = _rule("W315", "a description that is never seen")
NO_PLACEHOLDER = _rule("W316", "a brace that is no placeholder")
PLURAL_MISSING = _rule("W317", "a form that the language needs is missing")
CASE_UNUSED = _rule("W318", "a form or case that never comes")
UNFIT_VALUE = _rule("W319", "a value of a kind that cannot be shown so")
NOT_HERE = _rule("W320", "a value that is not known in this place")
AS_LIST = _rule("N331", "shown as a list")
AS_EITHER = _rule("N332", "shown as buttons or as a list")

# --- values, expressions, questions -------------------------------------------------------------

UNKNOWN_VALUE = _rule("E401", "a value that nothing keeps")
EXPRESSION_FAULT = _rule("E402", "an expression with a fault")
RESERVED_NAME = _rule("E403", "a name that means something else")
SETS_NOTHING = _rule("E404", "a step that sets nothing")
BAD_PATTERN = _rule("E405", "a pattern with a fault")
NOTHING_FITS = _rule("E406", "no answer can fit")
BAD_BOUND = _rule("E407", "a bound that is no day")
BODY_TOO_DEEP = _rule("E408", "a body that is nested too deep")
NEVER_KEPT = _rule("W411", "a value is used before anything can have kept it")
MAY_LACK = _rule("W412", "a value that may not have been kept")
NEVER_TRUE = _rule("W413", "a comparison that is always the same")
NEVER_A_VALUE = _rule("W414", "a calculation that always comes to null")
UNUSABLE_NAME = _rule("W415", "a name that texts cannot use")
TOO_MANY_VALUES = _rule("W416", "more values than are kept")
NO_DAY_LEFT = _rule("W417", "no day is left to answer with")
KEPT_UNUSED = _rule("N431", "a value that nothing uses")

# --- words --------------------------------------------------------------------------------------

WORD_NEVER = _rule("W501", "a word that can never match")
WORDS_COLLIDE = _rule("W502", "a word that leads to two places")
WORD_HIDES = _rule("W503", "a global word hides a choice")
CHOICES_COLLIDE = _rule("W504", "choices that cannot be told apart by typing")
WORD_IS_NUMBER = _rule("W505", "a word that stands for the number of a choice")
NO_WAY_OUT = _rule("W506", "no word leads to a person or to the root")
NO_WORDS = _rule("W507", "no words in a language")
WORDS_NEAR = _rule("W508", "words that are one typing error apart")

# --- services -----------------------------------------------------------------------------------

UNKNOWN_SERVICE = _rule("E601", "a service that the configuration lacks")
BAD_PATH = _rule("E602", "a path that cannot be asked for")
BAD_METHOD = _rule("E603", "a method that is not sent")
BAD_STATUS = _rule("E604", "a status that there is not")
REPEATED_WRITE = _rule("E605", "attempts of a request that writes")
BAD_TIMEOUT = _rule("E606", "a time-out that is none")
PATH_ODD = _rule("W611", "a path that will not be what it seems")
BODY_UNSENT = _rule("W612", "a body that services do not expect")
WAY_NEVER = _rule("W613", "a way that is never gone")
KEEP_PATH = _rule("W614", "a path in the answer that finds nothing")
SLOW_TIMEOUT = _rule("W615", "a time-out that nobody waits for")

# --- jobs ---------------------------------------------------------------------------------------

UNKNOWN_JOB = _rule("E701", "a job that there is not")
UNKNOWN_PROVIDER = _rule("E702", "a provider that the configuration lacks")
BAD_POLICY = _rule("E703", "a number of a policy that cannot be")
UNUSED_JOB = _rule("W711", "a job that nothing starts")
POLICY_NEVER = _rule("W712", "a policy that never comes to pass")
RETRIES_SPOKEN_OF = _rule("W713", "retries are spoken of, and none is allowed")

# --- people and hours ---------------------------------------------------------------------------

UNKNOWN_HOURS = _rule("E801", "opening hours that there are not")
BAD_HOURS = _rule("E802", "opening hours with a fault")
HOURS_HALF = _rule("E803", "hours without a way for when it is closed")
NEVER_OPEN = _rule("E804", "opening hours that never open")
PAST_HOLIDAY = _rule("W811", "a holiday in the past")
NOTHING_FOR_AGENT = _rule("W812", "what the agent reads lacks something")
UNUSED_HOURS = _rule("W813", "opening hours that nothing asks for")

# --- languages ----------------------------------------------------------------------------------

UNKNOWN_LANGUAGE = _rule("E901", "a language that is not one of the flow's")
UNTABLED_LANGUAGE = _rule("W911", "a language without tables")
LANGUAGE_TWICE = _rule("W912", "a language that is listed twice")
UNSPOKEN_LANGUAGE = _rule("W913", "a language that nothing changes to")
DESK_LANGUAGE = _rule("W914", "a language of the agents that the flow does not speak")
