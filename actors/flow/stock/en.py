"""The shipped words in English.

What lives here: words. What must not: which keys there are (`words`).
"""

from __future__ import annotations

from actors.flow.stock.words import StockWords

WORDS = StockWords(
    phrases={
        "not_understood": "I did not understand that.",
        "unsupported": "I can only read text here, no pictures, voice notes or stickers.",
        "too_long": "That answer is too long or empty.",
        "stale": (
            "That button is from a while ago, so I started nothing. If you still want it, choose "
            "it again."
        ),
        "no_jobs": "You have no recent requests.",
        "choose": "See options",
        "apology": "Sorry, something went wrong on our side.",
        "person": "Talk to a person",
    },
    handover={
        "summary": (
            "Customer: {customer} {customer.phone}"
            "{device, select, null {} other {\nRouter: {device}}}"
            "{reason, select, null {} other {\nReason: {reason}}}\n"
            "Jobs:\n{jobs}\nConversation (> customer, < bot):\n{transcript}"
        ),
        "job_line": "[{job}] {news}",
    },
    handover_texts={
        "queued": (
            "I have asked for a person to join you. What you write from now on goes to them, so "
            "you can already tell them what the matter is."
        ),
        "joined": (
            "You are now talking to a person from our team. To go back to the bot, type *bot*."
        ),
        "ended": "The chat with our team has ended. You are back with the bot.",
        "left": "You have left the chat with our team. You are back with the bot.",
        "nobody": (
            "I am sorry, nobody from our team could take your chat. You are back with the bot."
        ),
        "unavailable": "I am sorry, I cannot reach our team right now. You are still with the bot.",
        "already": (
            "I have already asked for a person to join you. What you write here goes to our team."
        ),
        "leave": "Back to the bot",
    },
    leave_words=("bot", "back to the bot"),
    job_texts={
        "requested": (
            "{job} ({device}): I have asked for it. I will tell you here when it begins and how it "
            "ends."
        ),
        "waiting_for_provider": (
            "{job} ({device}): our network's system has not confirmed it yet. We keep trying and "
            "will tell you here whether it begins or could not be done."
        ),
        "accepted": "{job} ({device}): it is confirmed.",
        "stalled": (
            "{job} ({device}): it is taking longer than usual. That does not mean that it failed; "
            "we keep watching it."
        ),
        "unseen": (
            "{job} ({device}): at the moment we cannot see how it is going. It may be going well; "
            "we keep checking."
        ),
        "succeeded": "✅ {job} ({device}): it worked.",
        "failed": "{job} ({device}): it did not work.",
        "nothing_changed": "{job} ({device}): it did not begin. *Nothing was changed.*",
        "timed_out": (
            "{job} ({device}): we cannot see that it came to an end, and by now it should have. If "
            "your internet works, there is nothing you need to do."
        ),
        "fate_unknown": (
            "{job} ({device}): we cannot find out whether it was done. So as not to do it twice, "
            "we are not repeating it for now. If your internet works, there is nothing you need "
            "to do."
        ),
        "cancelling": (
            "{job} ({device}): I have asked for it to be cancelled. It is not cancelled yet: I "
            "will tell you here whether that was still possible."
        ),
        "cancelled": "{job} ({device}): all right, we stop here and are not going on with it.",
        "cancel_too_late": (
            "{job} ({device}): it is already under way and can no longer be cancelled. We are "
            "following it and will tell you here how it ends."
        ),
        "corrected": (
            "Good news, and a correction. {job} ({device}): it worked after all. What we told you "
            "before no longer holds."
        ),
        "checking": (
            "{job} ({device}): before trying once more, I am checking whether the last attempt "
            "worked after all."
        ),
        "already_running": (
            "{job} ({device}): it is already going on, so I started nothing more. This is how it "
            "stands:"
        ),
    },
    job_menu={
        "retry": "Try again",
        "agent": "Talk to a person",
        "leave": "Leave it",
        "cancel": "Cancel",
    },
)
