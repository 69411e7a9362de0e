"""Large flows, as a provider with many products might write them, and YAML for any flow."""

from __future__ import annotations

import json
from collections.abc import Iterator

import msgspec

from tests.actors.small_flow import SMALL

LANGUAGES = ("es", "en", "pt")


def written(value: object, indent: int = 0) -> str:
    """A document as YAML in lines; every text in quotes."""
    return "\n".join(_lines(value, indent)) + "\n"


def _lines(value: object, indent: int) -> Iterator[str]:
    blank = "  " * indent
    match value:
        case dict() if value:
            for key, held in value.items():
                if isinstance(held, dict) and held and not _is_short(held):
                    yield f"{blank}{json.dumps(key)}:"
                    yield from _lines(held, indent + 1)
                else:
                    yield f"{blank}{json.dumps(key)}: {json.dumps(held, ensure_ascii=False)}"
        case _:
            yield f"{blank}{json.dumps(value, ensure_ascii=False)}"


def _is_short(value: dict[object, object]) -> bool:
    return set(value) <= {"es", "en"} and len(json.dumps(value)) < 60


def large_flow(steps: int) -> dict[str, object]:
    """A flow of about so many steps without a fault, as a document: topics behind menus, each with
    a look-up, a decision, a question, texts and a sub-flow that several of them call."""
    flow: dict[str, object] = _spoken(json.loads(msgspec.json.encode(SMALL)))
    topics = max(1, (steps - 40) // len(_topic(0, 1)))
    named = {name: step for n in range(topics) for name, step in _topic(n, topics).items()}
    own = flow["steps"]
    assert isinstance(own, dict)
    own["more"]["options"]["topics"] = _option("Temas", "hub_0")
    hubs = {f"hub_{n}": _hub(n, topics) for n in range((topics + 7) // 8)}
    flow |= {
        "languages": list(LANGUAGES),
        "steps": {**own, **hubs, **named},
        "subflows": {"confirm": _confirm()},
        "hours": {"office": {"week": {"mon-fri": ["08:00-18:00"]}}},
    }
    return flow


def _spoken(value: object) -> dict[str, object]:
    """The same in three languages: what is said in Spanish stands for Portuguese too."""

    def one(held: object) -> object:
        if not isinstance(held, dict):
            return held
        spoken = {key: one(inner) for key, inner in held.items()}
        if isinstance(held.get("es"), str):
            spoken["pt"] = held["es"]
        return spoken

    spoken = one(value)
    assert isinstance(spoken, dict)
    return spoken


def _text(words: str) -> dict[str, str]:
    return {language: f"{words} ({language})" for language in LANGUAGES}


def _title(words: str) -> dict[str, str]:
    return dict.fromkeys(LANGUAGES, words)


def _option(words: str, to: str) -> dict[str, object]:
    return {"title": _title(words), "goto": to}


def _hub(number: int, topics: int) -> dict[str, object]:
    here = range(number * 8, min(topics, number * 8 + 8))
    options = {f"o{n}": _option(f"Asunto {n}", f"t{n}_menu") for n in here}
    if (number + 1) * 8 < topics:
        options["next"] = _option("Siguiente", f"hub_{number + 1}")
    options["back"] = _option("Volver", "main")
    return {"do": "menu", "text": _text(f"Temas {number}"), "options": options}


def _topic(n: int, topics: int) -> dict[str, object]:
    """The steps of one topic; they keep values of their own up to what a conversation can keep."""
    own = n % 20
    plan, amount = f"plan_{own}", f"amount_{own}"
    after = f"t{(n + 1) % topics}_menu"
    return {
        **_promise(n, amount, f"day_{own}"),
        f"t{n}_menu": {
            "do": "menu",
            "text": _text(f"Asunto {n}: ¿qué necesitas?"),
            "options": {
                "look": {**_option("Ver mi saldo", f"t{n}_look"), "words": {"es": ["saldo"]}},
                "pay": {**_option("Prometer un pago", f"t{n}_amount"), "words": {"es": ["pago"]}},
                "next": _option("Otro asunto", after),
                "shut": {**_option("Horario", f"t{n}_hours"), "when": "not hours.office.open"},
                "back": _option("Volver", "main"),
            },
        },
        f"t{n}_look": {
            "do": "request",
            "service": "crm",
            "path": f"/topics/{n}",
            "query": {"phone": "{customer.phone}"},
            "keep": {plan: "plan.name", amount: "balance.amount"},
            "then": f"t{n}_by_plan",
            "on_error": f"t{n}_sorry",
        },
        f"t{n}_by_plan": {
            "do": "branch",
            "value": plan,
            "cases": {"basic": f"t{n}_basic"},
            "otherwise": f"t{n}_told",
        },
        f"t{n}_basic": {"do": "message", "text": _text("Es el plan básico"), "then": f"t{n}_told"},
        f"t{n}_told": {
            "do": "message",
            "text": _text(f"Tu plan es *{{{plan}}}*, y debes {{{amount}, currency, PEN}}."),
            "then": f"t{n}_owes",
        },
        f"t{n}_owes": {
            "do": "if",
            "test": f"{amount} > 0 and {plan} != 'gold'",
            "then": f"t{n}_menu",
            "otherwise": f"t{n}_thanks",
        },
        f"t{n}_thanks": {
            "do": "message",
            "text": _text("Gracias, está pagado."),
            "then": "main",
        },
    }


def _promise(n: int, amount: str, day: str) -> dict[str, object]:
    """The steps in which a customer promises to pay."""
    return {
        f"t{n}_amount": {
            "do": "question",
            "text": _text("¿Cuánto puedes pagar?"),
            "keep": amount,
            "answer": {"kind": "number", "least": 1, "most": 500},
            "on_failure": f"t{n}_sorry",
            "then": f"t{n}_day",
        },
        f"t{n}_day": {
            "do": "question",
            "text": _text("¿Qué día?"),
            "keep": day,
            "answer": {"kind": "date", "earliest": "today"},
            "then": f"t{n}_sure",
        },
        f"t{n}_sure": {"do": "call", "flow": "confirm", "then": f"t{n}_promised"},
        f"t{n}_promised": {
            "do": "message",
            "text": _text(f"Anotado: {{{amount}, number}} el {{{day}, date, long}}."),
            "then": f"t{n}_menu",
        },
        f"t{n}_hours": {
            "do": "message",
            "text": _text(
                "Abrimos el {hours.office.opens, date} a las {hours.office.opens, time}."
            ),
            "then": f"t{n}_menu",
        },
        f"t{n}_sorry": {
            "do": "menu",
            "text": _text("Ahora no puedo ver eso."),
            "options": {"back": _option("Volver", "main"), "person": _option("Persona", "person")},
        },
    }


def _confirm() -> dict[str, object]:
    return {
        "entry": "ask",
        "steps": {
            "ask": {
                "do": "menu",
                "text": _text("¿Seguro?"),
                "options": {"yes": _option("Sí", "back"), "no": _option("No", "main")},
            },
            "back": {"do": "return"},
        },
    }
