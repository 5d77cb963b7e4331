"""Check digits of cards, bank accounts and national identity numbers; each takes the bare characters."""

from collections.abc import Sequence

_VERHOEFF_D = (
    "0123456789", "1234067895", "2340178956", "3401289567", "4012395678",
    "5987604321", "6598710432", "7659821043", "8765932104", "9876543210",
)  # fmt: skip
_VERHOEFF_P = (
    "0123456789", "1576283094", "5803796142", "8916043527", "9453126870", "4286573901", "2793806415", "7046913258",
)  # fmt: skip
_DNI = "TRWAGMYFPDXBNJZSQVHLCKE"
_CODICE_ODD = dict(
    zip(
        "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ",
        (1, 0, 5, 7, 9, 13, 15, 17, 19, 21, 1, 0, 5, 7, 9, 13, 15, 17, 19, 21, 2, 4, 18, 20, 11, 3, 6, 8, 12, 14,
         16, 10, 22, 25, 24, 23),
        strict=True,
    )
)  # fmt: skip
_HETU = "0123456789ABCDEFHJKLMNPRSTUVWXY"
_IBAN_LENGTHS = (
    "AD24AE23AL28AT20AZ28BA20BE16BG22BH22BI27BR29BY28CH21CR22CY28CZ24DE22DJ27DK18DO28EE20EG29ES24FI18FK18FO18FR27"
    "GB22GE22GI23GL18GR27GT28HN28HR21HU28IE22IL23IQ23IS26IT27JO30KW30KZ20LB28LC32LI21LT20LU20LV21LY25MC27MD24ME22"
    "MK19MN20MR27MT31MU30NI28NL18NO15OM23PK24PL28PS29PT25QA29RO24RS22RU33SA24SC31SD18SE24SI19SK24SM27SO23ST25SV28"
    "TL23TN24TR26UA29VA22VG24XK20YE30"
)
_ALL_DIGITS = "AE AT BA BE CZ DE DK EE ES FI FO GL HR HU IL IS LT LY ME MK NO PL PT RS SE SI SK SV TL TN VA XK"
_ONLY_DIGITS = frozenset(_ALL_DIGITS.split())
IBAN_LENGTH = {
    _IBAN_LENGTHS[at : at + 2]: int(_IBAN_LENGTHS[at + 2 : at + 4]) for at in range(0, len(_IBAN_LENGTHS), 4)
}
"""Characters of an account number by country (ISO 13616 registry)."""


def luhn(digits: str) -> bool:
    """Payment cards, Canadian and Swedish numbers."""
    total = 0
    for place, char in enumerate(reversed(digits)):
        value = int(char) * (1 + place % 2)
        total += value - 9 if value > 9 else value
    return total % 10 == 0


def iban(account: str) -> bool:
    """International bank account numbers: the country's length, and ISO 7064 modulo 97."""
    account = account.upper()
    if IBAN_LENGTH.get(account[:2]) != len(account) or (
        account[:2] in _ONLY_DIGITS and not account[2:].isdecimal()
    ):
        return False
    return int("".join(str(int(char, 36)) for char in account[4:] + account[:4])) % 97 == 1


def verhoeff(digits: str) -> bool:
    """Indian Aadhaar numbers."""
    check = 0
    for place, char in enumerate(reversed(digits)):
        check = int(_VERHOEFF_D[check][int(_VERHOEFF_P[place % 8][int(char)])])
    return check == 0


def weighted(digits: str, weights: Sequence[int], *, modulus: int) -> int:
    """The remainder of the weighted sum of the digits."""
    return sum(int(char) * weight for char, weight in zip(digits, weights, strict=False)) % modulus


def cpf(digits: str) -> bool:
    """Brazilian taxpayers: two check digits, not eleven times the same digit."""
    if len(set(digits)) == 1:
        return False
    first = weighted(digits, range(10, 1, -1), modulus=11)
    second = weighted(digits, range(11, 1, -1), modulus=11)
    return digits[9:] == "".join(str(0 if rest < 2 else 11 - rest) for rest in (first, second))


def dni(number: str) -> bool:
    """Spanish DNI and NIE."""
    digits = number[:-1].translate({ord("X"): "0", ord("Y"): "1", ord("Z"): "2"})
    return _DNI[int(digits) % 23] == number[-1]


def codice_fiscale(code: str) -> bool:
    """Italian tax codes."""
    total = sum(_CODICE_ODD[char] for char in code[0:15:2])
    total += sum(int(char) if char.isdigit() else ord(char) - 65 for char in code[1:15:2])
    return chr(65 + total % 26) == code[15]


def hetu(number: str) -> bool:
    """Finnish personal identity codes, bare (`DDMMYYNNNC`, or with the century sign A)."""
    return day_month(number) and _HETU[int(number[:6] + number[-4:-1]) % 31] == number[-1]


def swedish(digits: str) -> bool:
    """Swedish personal numbers (`YYMMDDNNNC`)."""
    return 1 <= int(digits[2:4]) <= 12 and 1 <= int(digits[4:6]) <= 31 and luhn(digits)


def korean(digits: str) -> bool:
    """Korean resident numbers: a birth date; their check digit was given up in 2020."""
    return 1 <= int(digits[2:4]) <= 12 and 1 <= int(digits[4:6]) <= 31


def nir(digits: str) -> bool:
    """French social security numbers with their key."""
    return 97 - int(digits[:13]) % 97 == int(digits[13:])


def belgian(digits: str) -> bool:
    """Belgian national numbers, for births before and after 2000."""
    return int(digits[9:]) in (97 - int(digits[:9]) % 97, 97 - int("2" + digits[:9]) % 97)


def ahv(digits: str) -> bool:
    """Swiss social security numbers (EAN-13)."""
    return weighted(digits, (1, 3) * 7, modulus=10) == 0


def chinese(number: str) -> bool:
    """Chinese resident identity numbers (ISO 7064 modulo 11-2)."""
    rest = weighted(number, (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2), modulus=11)
    return "10X98765432"[rest] == number[17].upper()


def pesel(digits: str) -> bool:
    """Polish PESEL."""
    return weighted(digits, (1, 3, 7, 9, 1, 3, 7, 9, 1, 3, 1), modulus=10) == 0


def norwegian(digits: str) -> bool:
    """Norwegian birth numbers, both check digits."""
    first = weighted(digits, (3, 7, 6, 1, 8, 9, 4, 5, 2, 1), modulus=11)
    return first == 0 and weighted(digits, (5, 4, 3, 2, 7, 6, 5, 4, 3, 2, 1), modulus=11) == 0


def day_month(digits: str) -> bool:
    """Whether six digits begin like a birth date DDMMYY."""
    return 1 <= int(digits[:2]) <= 31 and 1 <= int(digits[2:4]) <= 12
