"""Writes the bulletin's files for the situations of the wording into a folder, one folder each, from invented figures.

The practice week can show none of them whole: it has no week before and its marketplaces do not change their minds.
Usage: python docs/situations.py FOLDER
"""

import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]


def main(folder: Path) -> None:
    sys.path[:0] = [str(ROOT), str(ROOT / "tests")]
    from bulletin_world import SITUATIONS, config_of

    from exports import bulletin
    from exports.controlled import controlled

    for name, made in SITUATIONS.items():
        facts = controlled(made(config_of(folder)))
        files = bulletin.files(facts, facts.week)
        bulletin.check(files, facts)
        (folder / name).mkdir(parents=True, exist_ok=True)
        for file_name, body in files.items():
            (folder / name / file_name).write_bytes(body)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
