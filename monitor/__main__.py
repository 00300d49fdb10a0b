"""`python -m monitor`: runs a verb and turns every failure into one sentence and an exit code."""

import os
import sys
import traceback
from pathlib import Path

from typer.exceptions import Abort, TyperException

from monitor.errors import MonitorError

EXIT_FAILED = 1
EXIT_ASKED_WRONGLY = 2


def main(arguments: list[str] | None = None) -> None:
    """Exit codes: 0 success, 1 the work failed, 2 it was asked wrongly."""
    sys.exit(run(sys.argv[1:] if arguments is None else arguments))


def run(arguments: list[str]) -> int:
    from monitor.cli import app

    try:
        code = app(arguments, standalone_mode=False, prog_name="monitor")
    except TyperException as error:
        if type(error).__name__ == "NoArgsIsHelpError":
            sys.stderr.write(f"{error.format_message()}\n")  # its message is the help text
            return EXIT_ASKED_WRONGLY
        return _say(error.format_message() if hasattr(error, "format_message") else str(error), EXIT_ASKED_WRONGLY)
    except MonitorError as error:
        return _say(str(error), error.exit_code)
    except (KeyboardInterrupt, Abort):
        return _say("Stopped; run the same command again to go on.", 130)
    except BrokenPipeError:
        # The reader of our output went away (`| head`); that is its right.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except Exception as error:
        if known := _of_machine(error):
            return _say(known, EXIT_FAILED)
        return _say(f"Unexpected {type(error).__name__}; the details are in {_keep_traceback()}.", EXIT_FAILED)
    return code if isinstance(code, int) else 0


def _of_machine(error: Exception) -> str | None:
    """What a store or the disk refused where no verb has expected it."""
    from monitor.database_errors import sentence_of

    return sentence_of(error)


def _say(sentence: str, code: int) -> int:
    sys.stderr.write(f"monitor: {' '.join(sentence.split())}\n")
    return code


def _keep_traceback() -> str:
    """An owner-only file with the traceback: it can hold values of rows, so it is never printed."""
    folder = Path(os.environ.get("MONITOR_DATA_DIR") or "data") / "logs"
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        path = folder / "unexpected.log"
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600), "a", encoding="utf-8") as file:
            file.write(traceback.format_exc() + "\n")
    except OSError:
        return "no file, because the data folder cannot be written"
    return str(path)


if __name__ == "__main__":
    main()
