"""The house numbers of DESIGN §7, measured from the tree: exits non-zero where one is broken."""

import ast
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
LONGEST_FUNCTION = 60
LONGEST_MODULE = 400
FORBIDDEN_NAMES = ("utils", "helpers", "common", "misc")
FORBIDDEN_CLASSES = ("Manager", "Handler")
HOOKS = ("settings_customise_sources", "retry_job")
"""Functions whose shape another library fixes, as ASGI does by `scope, receive, send`."""
DOORS = ("cli", "web", "worker")


def main() -> int:
    """Print every breach; 1 if there is one."""
    breaches: list[str] = []
    lengths: list[int] = []
    for path in sorted((ROOT / "src").rglob("*.py")):
        tree = ast.parse(path.read_text())
        breaches += module_breaches(path)
        for node in ast.walk(tree):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                lengths.append((node.end_lineno or node.lineno) - node.lineno + 1)
                breaches += function_breaches(path, node)
            if isinstance(node, ast.ClassDef) and node.name.startswith("Base") | node.name.endswith(
                FORBIDDEN_CLASSES
            ):
                breaches.append(f"{path}:{node.lineno}: class name {node.name}")
    for path in sorted(p for folder in ("src", "tests") for p in (ROOT / folder).rglob("*.py")):
        if "unittest.mock" in path.read_text() or "time.sleep(" in path.read_text():
            breaches.append(f"{path}: unittest.mock or time.sleep")
    lengths.sort()
    print(f"house: {len(lengths)} functions, median {lengths[len(lengths) // 2]} lines, longest {lengths[-1]}")
    print("\n".join(breaches))
    return 1 if breaches else 0


def module_breaches(path: Path) -> list[str]:
    """What is wrong with a module as a whole."""
    lines = path.read_text().count("\n")
    found = [f"{path}: {lines} lines, at most {LONGEST_MODULE}"] if lines > LONGEST_MODULE else []
    if path.stem in FORBIDDEN_NAMES:
        found.append(f"{path}: a file says the thing; {path.stem} says nothing")
    return found


def function_breaches(path: Path, node: ast.FunctionDef | ast.AsyncFunctionDef) -> list[str]:
    """What is wrong with one function."""
    found: list[str] = []
    length = (node.end_lineno or node.lineno) - node.lineno + 1
    if length > LONGEST_FUNCTION:
        found.append(f"{path}:{node.lineno}: {node.name} has {length} lines, at most {LONGEST_FUNCTION}")
    positional = [a.arg for a in node.args.posonlyargs + node.args.args if a.arg not in {"self", "cls"}]
    if positional == ["scope", "receive", "send"] or node.name in HOOKS:
        return found
    if len(positional) > 2 + (1 if positional and positional[0] == "ctx" else 0) and not is_door(path):
        found.append(f"{path}:{node.lineno}: {node.name} takes {len(positional)} positional parameters, at most 2")
    if not is_door(path) and path.stem != "__init__" and path.parent.name != "app":
        inner = [n for n in ast.walk(node) if isinstance(n, ast.Import | ast.ImportFrom)]
        found += [f"{path}:{n.lineno}: import inside {node.name}" for n in inner]
    return found


def is_door(path: Path) -> bool:
    """Doors take their parameters as the framework hands them and load lazily."""
    return any(door in path.parts for door in DOORS)


if __name__ == "__main__":
    sys.exit(main())
