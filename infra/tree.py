"""Print the tree of the packages, a phrase a file from its docstring, as the README shows it."""

import ast
from pathlib import Path

ROOT = Path(__file__).parents[1]
PACKAGES = ("schemas", "judges", "datapipe", "flows")
WIDTH = 30


def tree() -> str:
    """One line a file, folder by folder."""
    return "\n".join(line for package in PACKAGES for line in _folder(ROOT / package, ""))


def _folder(folder: Path, indent: str) -> list[str]:
    init = folder / "__init__.py"
    lines = [_line(f"{indent}{folder.name}/", _phrase(init))]
    files = [p for p in folder.iterdir() if p.suffix in {".py", ".md"} and p != init]
    lines += [_line(f"{indent}  {path.name}", _phrase(path)) for path in sorted(files)]
    folders = [p for p in folder.iterdir() if (p / "__init__.py").exists() or p.name == "rubrics"]
    return lines + [line for each in sorted(folders) for line in _folder(each, f"{indent}  ")]


def _line(name: str, phrase: str) -> str:
    return f"{name:{WIDTH}}{phrase}".rstrip()


def _phrase(path: Path) -> str:
    """The first line of a module's docstring; of a rubric, its fault."""
    if not path.exists():
        return "one LLM judge a file: front matter, prompt, labelled examples"
    if path.suffix == ".md":
        fault = next(line for line in path.read_text("utf-8").splitlines() if line.startswith("fault"))
        return fault.partition('"')[2].rstrip('"')
    doc = ast.get_docstring(ast.parse(path.read_text("utf-8"))) or ""
    return doc.partition("\n")[0]


if __name__ == "__main__":
    print(tree())
