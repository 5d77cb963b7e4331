"""Invented personal data to plant: right in form, nobody's in fact."""

from random import Random

KINDS = ("phone", "email", "address")
MONEY = ("card", "iban")
CARDS = ("4242424242424242", "5555555555554444", "378282246310005", "4000056655665556")
"""Published test numbers of a card processor: they pass the check digit and charge nobody."""


def planted(number: int, rng: Random, *, issue_type: str, area: str) -> tuple[str, ...]:
    """One item of personal data that fits the matter, as `kind:value`; kinds take turns. Now and then two."""
    fitting = MONEY if issue_type == "BILLING" else ("api_key",) if area == "integrations" else KINDS
    kinds = [fitting[number % len(fitting)]]
    if number % 7 == 6:
        kinds.append("phone" if kinds[0] != "phone" else "email")
    return tuple(f"{kind}:{_value(kind, rng)}" for kind in kinds)


def _value(kind: str, rng: Random) -> str:
    digits = "".join(rng.choice("0123456789") for _ in range(16))
    if kind == "phone":
        return rng.choice((f"+44 7700 900{digits[:3]}", f"07700 900{digits[:3]}", f"+1 (202) 555-01{digits[:2]}"))
    if kind == "email":
        return f"{rng.choice(('office', 'accounts', 'j.tomlin', 'maeve', 'hq'))}{digits[:2]}@home-mail.example"
    if kind == "card":
        number = rng.choice(CARDS)
        return " ".join(number[at : at + 4] for at in range(0, len(number), 4)) if rng.random() < 0.5 else number
    if kind == "iban":
        return _iban(rng.choice(("GB", "IE")), digits[:14])
    if kind == "api_key":
        return f"tv_live_{rng.getrandbits(112):028x}"
    lane = rng.choice(("Marrow", "Tansy", "Quarry", "Osier"))
    return f"{digits[:2].lstrip('0') or 7} {lane} Lane, AB{digits[2:4]} 3XY"


def _iban(country: str, digits: str) -> str:
    account = f"TORV{digits}"
    spelt = "".join(str(int(char, 36)) for char in f"{account}{country}00")
    return f"{country}{98 - int(spelt) % 97:02d}{account}"
