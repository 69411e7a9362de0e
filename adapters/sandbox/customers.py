"""The customers of the sandbox: invented people with lines, routers, plans and bills.

What lives here: who there is. What must not: how the customer system answers (`services`).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

# Numbers that are set aside for fiction: they reach nobody.
DEFAULT_PHONE = "+12025550143"
TWO_LINES_PHONE = "+12025550172"


@dataclass(frozen=True)
class Router:
    """One device of a line."""

    id: str
    model: str


@dataclass(frozen=True)
class CustomerLine:
    """One internet line."""

    id: str
    address_hint: str
    """Masked without `*`: in a chat that is bold."""
    plan: str
    devices: tuple[Router, ...]


@dataclass(frozen=True)
class CrmCustomer:
    """What the customer system knows of one customer."""

    id: str
    name: str
    lines: tuple[CustomerLine, ...]
    plan: dict[str, Any] = field(default_factory=dict)
    """Of the first line."""
    bill_amount: float = 0.0
    """What is still to be paid."""
    first_name: str | None = None
    account: str | None = None
    """The number on the bill."""

    def document(self) -> dict[str, Any]:
        """As the interface shows it."""
        return {
            "id": self.id,
            "name": self.name,
            "first_name": self.first_name,
            "lines": [
                {
                    "id": line.id,
                    "address_hint": line.address_hint,
                    "plan": line.plan,
                    "devices": [{"id": each.id, "model": each.model} for each in line.devices],
                }
                for line in self.lines
            ],
        }


_FIBRE_300 = {
    "name": "Fibra 300",
    "down_mbps": 300,
    "up_mbps": 150,
    "price": 89.9,
    "currency": "PEN",
}
_FIBRE_600 = {
    "name": "Fibra 600",
    "down_mbps": 600,
    "up_mbps": 300,
    "price": 129.9,
    "currency": "PEN",
}
PLANS = {str(plan["name"]): plan for plan in (_FIBRE_300, _FIBRE_600)}
"""What is sold, by its name; the price is for a month."""


def demo_customers() -> dict[str, CrmCustomer]:
    """The invented customers, by phone number."""
    ana = CrmCustomer(
        "c-1001",
        "Ana Quispe",
        (CustomerLine("l-1", "Jr. Los Ficus 1xx", "Fibra 300", (Router("r-1001", "HG-8145"),)),),
        _FIBRE_300,
        89.9,
        first_name="Ana",
        account="70010001",
    )
    bruno = CrmCustomer(
        "c-1002",
        "Bruno Salas",
        (
            CustomerLine("l-2", "Av. del Molino 2xx", "Fibra 600", (Router("r-2001", "HG-8245"),)),
            CustomerLine(
                "l-3",
                "Calle Sauce 3xx",
                "Fibra 300",
                (Router("r-3001", "HG-8145"), Router("r-3002", "Mesh AX-2")),
            ),
        ),
        _FIBRE_600,
        219.8,
        first_name="Bruno",
        account="70020002",
    )
    return {DEFAULT_PHONE: ana, TWO_LINES_PHONE: bruno}
