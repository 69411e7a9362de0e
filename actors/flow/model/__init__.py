"""The language of the flow file, as frozen structs: every keyword, with its meaning.

What lives here: the keywords; the JSON Schema is made from these structs, the reference from their
docstrings, which are therefore written for administrators. What must not: a keyword that the
program does not carry out. The language grows by new fields with defaults and by new steps;
`format` changes only when an old file would mean something else.

`basics` has the words that all share, `answers` what a question may ask for, `steps` the steps,
`jobs` and `people` what is said around them, `hours` opening hours, `file` the whole.
"""

from actors.flow.model.answers import (
    AccountAnswer,
    Answer,
    AnswerChoice,
    ChoiceAnswer,
    DateAnswer,
    NumberAnswer,
    TextAnswer,
)
from actors.flow.model.basics import Expression, Json, StepName, Target, Text, ValueName, Words
from actors.flow.model.file import Flow, GlobalWord, Phrases, Subflow
from actors.flow.model.hours import Hours
from actors.flow.model.jobs import Job, JobMenu, JobTexts
from actors.flow.model.people import Desk, HandoverTexts
from actors.flow.model.steps import (
    AskHours,
    Branch,
    CallSubflow,
    CancelJob,
    Forget,
    Handover,
    If,
    JobStatus,
    Keyword,
    Menu,
    Message,
    Mute,
    Option,
    Question,
    Request,
    Return,
    SetLanguage,
    SetValues,
    StartJob,
    Step,
    Unmute,
)

__all__ = [
    "AccountAnswer",
    "Answer",
    "AnswerChoice",
    "AskHours",
    "Branch",
    "CallSubflow",
    "CancelJob",
    "ChoiceAnswer",
    "DateAnswer",
    "Desk",
    "Expression",
    "Flow",
    "Forget",
    "GlobalWord",
    "Handover",
    "HandoverTexts",
    "Hours",
    "If",
    "Job",
    "JobMenu",
    "JobStatus",
    "JobTexts",
    "Json",
    "Keyword",
    "Menu",
    "Message",
    "Mute",
    "NumberAnswer",
    "Option",
    "Phrases",
    "Question",
    "Request",
    "Return",
    "SetLanguage",
    "SetValues",
    "StartJob",
    "Step",
    "StepName",
    "Subflow",
    "Target",
    "Text",
    "TextAnswer",
    "Unmute",
    "ValueName",
    "Words",
]
