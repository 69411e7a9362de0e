"""Why a line could not be delivered: our codes and Genesys' reasons, both ways.

What lives here: two tables. What must not: a customer's or a vendor's free text.
https://developer.genesys.cloud/commdigital/digital/openmessaging/inboundReceiptMessages
"""

from __future__ import annotations

from actors import outcomes

_GENERAL = ("GeneralError", "The message could not be delivered.")
_OUT = {
    outcomes.WINDOW_CLOSED: (
        "MessageExpired",
        "The customer has not written for so long that the platform takes no free text.",
    ),
    outcomes.EXPIRED: ("MessageExpired", "The message was no longer worth delivering."),
    outcomes.RECIPIENT: ("InvalidDestination", "The customer cannot be reached."),
    outcomes.RATE_LIMITED: ("RateLimited", "Too many messages were sent to this customer."),
}

_IN = {
    "MessageExpired": outcomes.EXPIRED,
    "RateLimited": outcomes.RATE_LIMITED,
    "MessageNotAllowed": outcomes.FORBIDDEN,
    "DataFiltered": outcomes.FORBIDDEN,
    "UnsupportedMessage": outcomes.INVALID,
    "UnknownMessage": outcomes.INVALID,
    "InvalidMessageStructure": outcomes.INVALID,
    "MediaTypeNotAllowed": outcomes.INVALID,
    "InvalidMediaContentLength": outcomes.TOO_LARGE,
    "InvalidDestination": outcomes.RECIPIENT,
    "RecipientOptedOut": outcomes.RECIPIENT,
}


def reason_for_genesys(code: str) -> tuple[str, str]:
    """Genesys' reason code and an English sentence for a code of `actors.outcomes`."""
    return _OUT.get(code, _GENERAL)


def code_of_reason(reason: str | None) -> str:
    """The code of `actors.outcomes` for a reason that Genesys gave; `unavailable` for others."""
    return _IN.get(reason or "", outcomes.UNAVAILABLE)
