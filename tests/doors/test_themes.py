"""`earshot themes` as a person meets it: look, put right, take back, be told what is wrong."""

import json
from collections.abc import Generator
from pathlib import Path
from typing import Any

import pytest

from tests.doors.terminal import begun, earshot, earshot_again, kept_open

EXPORT = (
    "The CSV export stops half way with error 500.",
    "Our CSV export stops with error 500 half way through.",
    "CSV export: error 500, it stops half way.",
)
LOGIN = (
    "Single sign-on loops back to the sign-in page.",
    "With single sign-on we loop back to the sign-in page.",
)
HOSTILE = "\x1b]0;owned\x07The \u202eprinter\u202c prints [bold]blank[/bold] pages \x1b[31msince the update."


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Generator[Path]:
    """A database in which six conversations tell three matters."""
    where = tmp_path_factory.mktemp("themes")
    lines = [
        {
            "id": f"{number:02}",
            "created_at": f"2026-11-{number + 1:02}T10:00:00Z",
            "messages": [{"author": "customer", "text": text, "created_at": f"2026-11-{number + 1:02}T10:00:00Z"}],
        }
        for number, text in enumerate((*EXPORT, *LOGIN, HOSTILE))
    ]
    (where / "talk.jsonl").write_text("\n".join(map(json.dumps, lines)))
    assert earshot("import", "talk.jsonl", cwd=where).returncode == 0
    told = earshot("run", "--no-sync", "--out", "-", "--format", "json", cwd=where)
    assert told.returncode == 0, told.stderr
    with kept_open(where / "data"):
        yield where


def listed(folder: Path) -> dict[str, dict[str, Any]]:
    """The themes by the conversations that they hold."""
    rows = json.loads(earshot_again("themes", "--since", "all", "--json", cwd=folder).stdout)
    return {row["id"]: row for row in rows}


def about(folder: Path, word: str) -> str:
    """The theme whose title says so."""
    (found,) = [one for one, row in listed(folder).items() if word in row["title"].lower()]
    return found


def test_the_list_counts_what_there_is(folder: Path) -> None:
    rows = listed(folder)
    assert sorted(row["frequency"] for row in rows.values()) == [1, 2, 3]
    assert rows[about(folder, "export")]["frequency"] == 3
    table = earshot_again("themes", "list", "--since", "all", cwd=folder).stdout
    assert "conv." in table
    assert all(one[:8] in table for one in rows)


def test_the_bare_command_and_list_say_the_same(folder: Path) -> None:
    span = ("--since", "2026-01-01", "--until", "2026-12-01", "--limit", "2", "--json")
    bare, named = earshot_again("themes", *span, cwd=folder), earshot_again("themes", "list", *span, cwd=folder)
    assert bare.returncode == 0
    assert json.loads(bare.stdout) == json.loads(named.stdout)
    assert len(json.loads(bare.stdout)) == 2


def test_show_has_members_with_their_own_words(folder: Path) -> None:
    theme = about(folder, "export")
    shown = earshot_again("themes", "show", theme[:8], cwd=folder)
    assert shown.returncode == 0, shown.stderr
    assert all(text in shown.stdout for text in ("CSV export: error 500, it stops half way.", "file:02", "born"))
    found = json.loads(earshot_again("themes", "show", theme, "--members", "2", "--json", cwd=folder).stdout)
    assert found["theme"]["frequency"] == 3
    assert [member["mention"]["conversation_id"] for member in found["members"]] == ["file:02", "file:01"]
    assert sum(found["weeks"]) == 3
    assert found["sureness"]["members"] == 3


def test_what_is_hostile_cannot_reach_the_terminal(folder: Path) -> None:
    theme = about(folder, "printer")
    for command in (("themes", "--since", "all"), ("themes", "show", theme), ("themes", "doubts")):
        told = earshot_again(*command, cwd=folder)
        assert told.returncode == 0
        assert not {"\x1b", "\x07", "\u202e", "\u202c"} & set(told.stdout)
    assert "[bold]blank[/bold]" in earshot_again("themes", "show", theme, cwd=folder).stdout


def test_changes_work_at_once_and_can_be_taken_back(folder: Path) -> None:
    export, login, before = about(folder, "export"), about(folder, "sign"), listed(folder)
    dry = earshot_again("themes", "merge", login, export, "--dry-run", cwd=folder)
    assert "Nothing was changed" in dry.stdout
    assert listed(folder) == before
    done = earshot_again("themes", "merge", login, export, "--reason", "one gateway", "--json", cwd=folder)
    edit = json.loads(done.stdout)["edit"]["id"]
    assert listed(folder)[export]["frequency"] == 5
    gone = earshot_again("themes", "show", login, cwd=folder)
    assert (gone.returncode, f"It went into {export}" in gone.stderr) == (1, True)
    history = earshot_again("themes", "history", cwd=folder).stdout
    assert "one gateway" in history
    assert edit[:8] in history
    assert "Taken back" in earshot_again("themes", "undo", edit[:8], cwd=folder).stdout
    assert {one: row["frequency"] for one, row in listed(folder).items()} == {
        one: row["frequency"] for one, row in before.items()
    }


def test_split_move_and_rename(folder: Path) -> None:
    export, login = about(folder, "export"), about(folder, "sign")
    split = earshot_again("themes", "split", export, "file:02", "--title", "Night job", "--json", cwd=folder)
    new = json.loads(split.stdout)["edit"]["into_id"]
    assert listed(folder)[new]["title"] == "Night job"
    moved = earshot_again("themes", "move", "file:01", "--from", export, "--to", login, cwd=folder)
    assert "1 conversation moved" in moved.stdout
    renamed = earshot_again("themes", "rename", login, "Sign-in", "--description", "Loops.", cwd=folder)
    assert renamed.returncode == 0, renamed.stderr
    rows = listed(folder)
    assert {one: rows[one]["frequency"] for one in (export, login, new)} == {export: 1, login: 3, new: 1}
    assert (rows[login]["title"], rows[login]["description"]) == ("Sign-in", "Loops.")
    again = earshot_again("run", "--no-sync", "--out", "-", "--format", "json", cwd=folder)
    assert again.returncode == 0
    assert {one: row["frequency"] for one, row in listed(folder).items()} == {
        one: row["frequency"] for one, row in rows.items()
    }
    changes = json.loads(earshot_again("themes", "history", "--json", cwd=folder).stdout)["changes"]
    for change in changes:
        if change["undone_at"] is None:
            assert earshot_again("themes", "undo", change["id"], cwd=folder).returncode == 0
    assert listed(folder)[export]["frequency"] == 3


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("show", "nonsense"), "There is no theme 'nonsense'"),
        (("split", "t", "file:03"), "is the beginning of 3 ids"),
        (("undo", "nothing"), "There is no change"),
        (("adjudicate",), "No language model is switched on"),
    ],
)
def test_nonsense_is_refused_in_one_sentence(folder: Path, arguments: tuple[str, ...], said: str) -> None:
    told = earshot_again("themes", *arguments, cwd=folder)
    assert told.returncode == 1
    assert said in told.stderr
    assert "Traceback" not in told.stderr
    assert "→" in told.stderr


def test_two_at_once_wait_for_each_other(folder: Path, tmp_path: Path) -> None:
    export, login = about(folder, "export"), about(folder, "sign")
    changes = [("rename", export, "Exports, both"), ("rename", login, "Sign-in, both")]
    both = [begun("themes", *change, cwd=folder, told=tmp_path) for change in changes]
    for process in both:
        process.join(120)
    assert [process.exitcode for process in both] == [0, 0]
    rows = listed(folder)
    assert {rows[export]["title"], rows[login]["title"]} == {"Exports, both", "Sign-in, both"}


def test_consolidation_moves_nothing(folder: Path) -> None:
    before = listed(folder)
    told = json.loads(earshot_again("themes", "consolidate", "--json", cwd=folder).stdout)
    assert told["mentions"] == 6
    assert listed(folder) == before
    assert earshot_again("themes", "proposals", cwd=folder).returncode == 0


def test_doubts_go_out_as_a_file(folder: Path) -> None:
    told = earshot_again("themes", "adjudicate", "--batch-out", "q.jsonl", "--model", "m", "--json", cwd=folder)
    assert told.returncode == 0, told.stderr
    lines = (folder / "q.jsonl").read_text().splitlines()
    assert json.loads(told.stdout)["written"]["questions"] == len(lines)
    both = earshot_again("themes", "adjudicate", "--batch-out", "a", "--batch-in", "b", cwd=folder)
    assert both.returncode == 2
