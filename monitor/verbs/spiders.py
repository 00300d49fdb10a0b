"""`spiders`: newer spiders and catalogue on a server whose program is frozen."""

import json
import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from monitor import spider_update
from monitor.errors import InputError
from monitor.verbs import common
from monitor.weeks import utc_now

app = typer.Typer(no_args_is_help=True, help="Newer spiders and catalogue without touching the rest of the program.")


@app.command()
def pack(file: Annotated[Path, typer.Argument(help="Zip file to write.")]) -> None:
    """Pack spiders, catalogue and recorded cases of this checkout.

    Example: monitor spiders pack spiders-2026-11-22.zip
    """
    common.show("Packed", {"file": str(file), "files": spider_update.pack(file, utc_now())})


@app.command()
def install(file: Annotated[Path, typer.Argument(help="Zip file that pack wrote.")]) -> None:
    """Use the spiders and catalogue of a bundle, after its recorded cases were read with this program.

    Example: monitor spiders install spiders-2026-11-22.zip
    """
    config = common.config()
    with common.progress(f"Checking {file.name}"):
        folder = spider_update.install(file, config.data_dir)
    common.show("Installed", {"spiders": str(folder), "back with": "monitor spiders remove"})


@app.command()
def remove() -> None:
    """Use the shipped spiders and catalogue again.

    Example: monitor spiders remove
    """
    was_there = spider_update.remove(common.config().data_dir)
    common.show("Spiders", {"in use": "the shipped ones", "changed": "yes" if was_there else "no"})


def check(folder: Path) -> int:
    """Reads every recorded case below `folder`; the number of cases. Raises InputError at the first that differs."""
    from monitor.reading import Answer
    from monitor.verbs.parse import rows_of, spider_class

    count = 0
    for meta_file in sorted((folder / spider_update.RECORDED).glob("*/*/meta.json")):
        slug, case = meta_file.parent.parent.name, meta_file.parent.name
        meta = json.loads(meta_file.read_text(encoding="utf-8"))
        body = next(meta_file.parent.glob("response.*")).read_bytes()
        page = spider_class(slug).read_answer(Answer(body, meta["url"], meta["status"], meta.get("headers", {})))
        expected = json.loads((meta_file.parent / "expected.json").read_text(encoding="utf-8"))
        if page.kind != meta["callback"] or _told(rows_of(page, slug)) != _told(expected["rows"]):
            raise InputError(f"case {slug}/{case} is read differently")
        count += 1
    if not count:
        raise InputError("it holds no recorded case")
    return count


def _told(rows: Any) -> list[dict[str, Any]]:
    """Rows without what is absent, as expected.json writes them."""
    return [
        {key: value for key, value in row.items() if value not in (None, []) and key != "marketplace"} for row in rows
    ]


if __name__ == "__main__":  # a process of its own, in which the bundle stands before what is shipped
    spider_update.active = lambda data_dir=None: Path(sys.argv[1])
    try:
        sys.stdout.write(f"{check(Path(sys.argv[1]))}\n")
    except Exception as error:
        sys.stdout.write(f"{error if isinstance(error, InputError) else type(error).__name__}\n")
        sys.exit(1)
