"""Keys, tokens and passwords in text; all invented."""

import pytest

from tests.unit.text.detecting import found

BODY = "a1B2c3D4e5F6g7H8i9J0k1L2m3N4o5P6"


@pytest.mark.parametrize(
    "key",
    [
        f"sk-{BODY}", f"sk-proj-{BODY}_x-{BODY}", f"sk-ant-api03-{BODY}", f"sk_live_{BODY}", f"pk_test_{BODY}",
        "AKIAABCDEFGHIJKLMNOP", f"ghp_{BODY}", f"github_pat_{BODY}", f"glpat-{BODY[:20]}",
        "xoxb-12345678901-abcdefghijkl",
        f"AIza{BODY}abc", f"SG.{BODY}.{BODY}", f"whsec_{BODY}", f"npm_{BODY}", f"hf_{BODY}",
        "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0In0.abcDEF_123-x", "9d2d69aa1038954c1b8e0488cca290c2",
        "tv_live_0a1b2c3d4e5f60718293a4b5c6d7", "f7cf776d-6104-4b00-aa11-5f6899c2fe9d",
        "dfLEvzLiLtDOLh1OuzJOfV5wvmOv8U8D",
        "wJalrXUtnFEMI/K7MDENG3bPxRfiCYzEXAMPLEKEY",
    ],
)  # fmt: skip
def test_keys_need_nothing_around_them(key: str) -> None:
    for text in (f"it is {key} here", f"'{key}'", f"X={key}\n", f"({key})."):
        assert [(kind, key in value) for kind, value in found(text)] == [("KEY", True)]


@pytest.mark.parametrize(
    "word",
    [
        "AbstractScriptedSubjectHierarchyPlugin", "GL_OES_compressed_EAC_R11_unsigned_texture",
        "grinning_face_with_smiling_eyes",
        "articles/360002144900-What-Are-The-Levels-of-Users", "InstallTime20190917135527",
        "how-do-i-delete-bookmarks-in-2024",
        "REDASH_CONTENT_SECURITY_POLICY_REPORT_URI",
        "x" * 60, "=" * 60, "-" * 60, "aaaaaaaaaaaaaaaaaaaa11111111111111",
        "getElementByIdOrNull", "/usr/lib/python3/dist-packages/setuptools", "internationalization",
        "12345678901234567890123",
    ],
)  # fmt: skip
def test_long_words_that_people_write_stay(word: str) -> None:
    assert found(f"see {word} there") == []


@pytest.mark.parametrize(
    ("text", "secret"),
    [
        ("password: hunter22", "hunter22"),
        ("my password is Hunter2!", "Hunter2"),
        ('"password" : "correct-horse"', "correct-horse"),
        ("PASSWORD=swordfish", "swordfish"),
        ("Passwort: geheim12.", "geheim12"),
        ("contraseña: perro123", "perro123"),
        ("пароль: qwerty99", "qwerty99"),
        ("api_key = abcd1234efgh", "abcd1234efgh"),
        ("The token is 8f3k29dk", "8f3k29dk"),
        ("Authorization: Bearer abc123def456", "abc123def456"),
        ("curl -H 'Authorization: Basic dXNlcjpwYXNz1'", "dXNlcjpwYXNz1"),
    ],
)
def test_what_follows_a_word_for_a_secret(text: str, secret: str) -> None:
    assert found(text) == [("KEY", secret)]


@pytest.mark.parametrize(
    "text",
    [
        "my password is wrong", "I forgot my password. Help", "the token is expired", "key: value",
        "password reset",
        "token = await get()", "secret is out", "the key is to wait", "basic features", "pass: yes",
    ],
)  # fmt: skip
def test_ordinary_words_after_it_stay(text: str) -> None:
    assert found(text) == []


def test_a_private_key_is_hidden_whole() -> None:
    key = "-----BEGIN RSA PRIVATE KEY-----\nMIIB\nabc=\n-----END RSA PRIVATE KEY-----"
    assert found(f"here:\n{key}\nthanks") == [("KEY", key)]


def test_a_private_key_cut_short_is_hidden_to_the_end() -> None:
    assert found("x -----BEGIN PRIVATE KEY-----\nMIIB\nabc") == [("KEY", "-----BEGIN PRIVATE KEY-----\nMIIB\nabc")]
