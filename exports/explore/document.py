"""Keeps SQL and answers in docs/research.md: between two marks stand the text of a question and what a release says.

Run: python -m exports.explore.document DIR, with the folder of a research release of the practice weeks.
"""

import math
import re
import sqlite3
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from exports.explore.questions import Question, questions
from monitor.errors import InputError

DOCUMENT = Path(__file__).parents[2] / "docs" / "research.md"
MAX_ROWS = 12  # of an answer; the document says how many more there are
_BLOCK = re.compile(r"<!-- question: (\w+) -->\n.*?<!-- end -->", re.DOTALL)
Answer = tuple[Sequence[str], Sequence[Sequence[Any]]]  # column names, rows


def filled(text: str, answer: Callable[[Question], Answer]) -> str:
    """The document with the present SQL and answers in every block. Raises InputError on a question unknown to it."""
    by_name = {question.name: question for question in questions()}

    def block(found: re.Match[str]) -> str:
        if found[1] not in by_name:
            raise InputError(f"The document asks a question '{found[1]}' that is not in exports/explore/questions.")
        question = by_name[found[1]]
        shown = f"```sql\n{question.sql}\n```\n\n{table(answer(question))}"
        return f"<!-- question: {question.name} -->\n{shown}\n<!-- end -->"

    return _BLOCK.sub(block, text)


def table(answer: Answer) -> str:
    """A Markdown table: numbers to four significant digits, an empty cell for NULL."""
    names, rows = answer
    cells = [[cell(value) for value in row] for row in rows[:MAX_ROWS]]
    aligned = ["---:" if _is_numeric([row[at] for row in rows]) else "---" for at in range(len(names))]
    lines = [f"| {' | '.join(row)} |" for row in ([*names], aligned, *cells)]
    if len(rows) > MAX_ROWS:
        lines += ["", f"The first {MAX_ROWS} of {len(rows)} rows."]
    return "\n".join(lines)


def _is_numeric(values: Sequence[Any]) -> bool:
    known = [value for value in values if value is not None]
    return bool(known) and not any(isinstance(value, str) for value in known)


def cell(value: Any) -> str:
    """As the document prints it; the same for the number types of every engine."""
    if value is None:
        return ""
    if isinstance(value, str):
        return value.replace("|", "\\|")
    number = float(value)
    decimals = 0 if number == 0 else max(0, 3 - math.floor(math.log10(abs(number))))
    shown = f"{number:.{decimals}f}"
    return f"{float(shown):.0f}" if float(shown).is_integer() else shown


def ask_sqlite(path: Path) -> Callable[[Question], Answer]:
    """Answers from the SQLite file of a release, opened for reading only."""

    def answer(question: Question) -> Answer:
        connection = sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True)
        try:
            cursor = connection.execute(question.sql)
            return [column[0] for column in cursor.description], cursor.fetchall()
        finally:
            connection.close()

    return answer


def main(folder: Path) -> None:
    """Fills the document from the one SQLite file of the release in `folder`."""
    found = sorted(folder.glob("*.sqlite"))
    if len(found) != 1:
        raise SystemExit(f"{folder} is no release: it holds {len(found)} SQLite files, not one.")
    DOCUMENT.write_text(filled(DOCUMENT.read_text("utf-8"), ask_sqlite(found[0])), "utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
