"""`python -m monitor`: runs a verb and turns every failure into one sentence and an exit code."""

import os
import re
import sys
from pathlib import Path
from typing import Any

from typer.exceptions import Abort, TyperException

from monitor.characters import without_invisible
from monitor.errors import MonitorError
from monitor.run_log import FOLDER, chain_of, logged, told, write

EXIT_FAILED = 1
EXIT_ASKED_WRONGLY = 2
_OPTION = re.compile(r"--[a-z][a-z-]{1,30}")


def main(arguments: list[str] | None = None) -> None:
    """Exit codes: 0 success, 1 the work failed, 2 it was asked wrongly."""
    sys.exit(run(sys.argv[1:] if arguments is None else arguments))


def run(arguments: list[str]) -> int:
    """As `main`, without ending the process; the verb's beginning and end go to data/logs/verbs.jsonl."""
    with logged(_data_folder(), _verb(arguments), [word for word in arguments if _OPTION.fullmatch(word)]) as ended:
        ended["code"] = code = _run(arguments, ended)
    return code


def _verb(arguments: list[str]) -> str:
    """The words that name the verb; what else was typed is nobody's business."""
    from monitor.cli import VERBS

    two = " ".join(arguments[:2])
    return two if two in VERBS else next((word for word in arguments[:1] if word in VERBS), "")


def _data_folder() -> Path | None:
    from monitor.config_file import data_folder

    try:
        return data_folder()
    except MonitorError:
        return None


def _run(arguments: list[str], ended: dict[str, Any]) -> int:
    from monitor.cli import app

    try:
        code = app(arguments, standalone_mode=False, prog_name="monitor")
    except TyperException as error:
        if type(error).__name__ == "NoArgsIsHelpError":
            sys.stderr.write(f"{error.format_message()}\n")  # its message is the help text
            return EXIT_ASKED_WRONGLY
        return _say(error.format_message() if hasattr(error, "format_message") else str(error), EXIT_ASKED_WRONGLY)
    except MonitorError as error:
        ended.update(told(error))
        return _say(str(error), error.exit_code)
    except (KeyboardInterrupt, Abort):
        return _say("Stopped; run the same command again to go on.", 130)
    except BrokenPipeError:
        # The reader of our output went away (`| head`); that is its right.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except SystemExit as error:
        if isinstance(error.__context__, BrokenPipeError):
            return 0  # the same, where Rich was printing a table
        raise
    except Exception as error:
        ended.update(told(error))
        if known := _of_machine(error):
            return _say(known, EXIT_FAILED)
        return _say(f"Unexpected {type(error).__name__}; the details are in {_keep_traceback(error)}.", EXIT_FAILED)
    return code if isinstance(code, int) else 0


def _of_machine(error: Exception) -> str | None:
    """What a store or the disk refused where no verb has expected it."""
    from monitor.database_errors import sentence_of

    return sentence_of(error)


def _say(sentence: str, code: int) -> int:
    """One line; what a file's name or cell in it holds for the terminal itself is left out."""
    sys.stderr.write(f"monitor: {' '.join(without_invisible(sentence).split())}\n")
    return code


def _keep_traceback(error: Exception) -> str:
    """An owner-only file with what was raised where; never with the error's words, which can be values of rows."""
    folder = (_data_folder() or Path("data")) / FOLDER
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        path = folder / "unexpected.log"
        os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600))
    except OSError:
        return "no file, because the data folder cannot be written"
    write(path, "unexpected", errors=chain_of(error))
    return str(path)


if __name__ == "__main__":
    main()
