"""Who wrote: phone numbers and user ids, told apart by what they look like.

What lives here: the shapes of identifiers and which of them a message is answered to. What must
not: normalising numbers. The rule is to answer to exactly the identifier that came in: Brazilian,
Argentine and Mexican numbers come in forms that differ from the dialled ones and work as they are.

The value decides, never the name of its field: some deliveries put a user id into `from` or
`wa_id`, and a phone may be missing altogether once a customer has a username.
Source: business-scoped-user-ids
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from adapters.whatsapp.texts import clean

NAME_MAX = 256

# E.164 has 15 digits at most; `wa_id` has been seen with a plus.
_PHONE = re.compile(r"\+?([0-9]{5,20})", re.ASCII)
# Officially two capitals, a dot and up to 128 letters and digits; Meta's own examples hold a slip
# such as `uUS.…`, so the door is a little wider.
_USER_ID = re.compile(r"[A-Za-z]{2,4}\.(?:ENT\.)?[A-Za-z0-9]{1,128}", re.ASCII)
_PARENT_ID = re.compile(r"[A-Za-z]{2,4}\.ENT\..*", re.ASCII)


def phone_digits(value: object) -> str | None:
    """The digits of a phone number, or None where `value` is none."""
    if isinstance(value, int) and not isinstance(value, bool):
        # A number too long to print raises; one of 25 digits is no phone either.
        value = str(value) if 0 < value < 10**25 else None
    if not isinstance(value, str):
        return None
    match = _PHONE.fullmatch(value.strip())
    return match.group(1) if match else None


def user_id(value: object) -> str | None:
    """A business-scoped user id, or None where `value` is none."""
    if not isinstance(value, str):
        return None
    return value.strip() if _USER_ID.fullmatch(value.strip()) else None


def identifier_of(values: Iterable[object]) -> str | None:
    """The identifier to answer to: a phone where there is one, else a user id.

    `values` in falling order of trust. A parent's id (one for several portfolios) comes last.
    """
    known = list(values)
    for value in known:
        if digits := phone_digits(value):
            return digits
    ids = [found for value in known if (found := user_id(value))]
    for found in ids:
        if not _PARENT_ID.fullmatch(found):
            return found
    return ids[0] if ids else None


class Contacts:
    """The contacts of one change, found by what they share with a message.

    In a batch they come in any order. They are indexed once: there may be a thousand of each.
    """

    def __init__(self, listed: Iterable[object], lone_message: bool) -> None:
        known = [contact for contact in listed if isinstance(contact, dict)]
        # With one message and one contact there is nothing to mistake.
        self._only = known[0] if len(known) == 1 and lone_message else None
        self._known: dict[str, dict[str, Any]] = {}
        for contact in known:
            for key in (_plain(contact.get("wa_id")), _plain(contact.get("user_id"))):
                if key is not None:
                    self._known.setdefault(key, contact)

    def of(self, message: dict[str, Any]) -> dict[str, Any]:
        """The contact that wrote `message`, or an empty one."""
        for key in (_plain(message.get("from")), _plain(message.get("from_user_id"))):
            if key is not None and key in self._known:
                return self._known[key]
        return self._only or {}


def name_of(contact: dict[str, Any]) -> str | None:
    """The name that the customer chose for the profile."""
    profile = contact.get("profile")
    name = profile.get("name") if isinstance(profile, dict) else None
    if not isinstance(name, str) or not name.strip():
        return None
    return clean(name.strip()[:NAME_MAX])


def _plain(value: object) -> str | None:
    return phone_digits(value) or user_id(value)
