"""`messages`: do they arrive, what would be said now, and that a unit of systemd has failed."""

from datetime import UTC
from typing import Annotated

import typer

from monitor.config import Config
from monitor.database import private_engine
from monitor.errors import UsageError
from monitor.scheduler import messages
from monitor.scheduler.rules import rules_of
from monitor.verbs import common
from monitor.verbs.run import lines_now
from monitor.weeks import utc_now

app = typer.Typer(no_args_is_help=True, help="Messages to those who keep the service running.")


@app.command()
def test() -> None:
    """Send a message to every address in messages.txt beside the phone key, one a line as Apprise writes them.

    Example: monitor messages test
    """
    config = common.config()
    _send(config, messages.Message(f"UMKM monitor {config.region.name}: test", "This is a test. Nothing has happened."))


def _send(config: Config, message: messages.Message) -> None:
    count = messages.send(config.messages_file, message)
    if not count:
        raise UsageError(
            f"There is no address in {config.messages_file}: write one a line, like mailtos://user:password@host, "
            "tgram://token/chat or json://host/path, then chmod 600 it."
        )
    common.show("Sent", {"addresses": count})


@app.command()
def failed(
    unit: Annotated[str, typer.Argument(help="The unit of systemd that has failed, as monitor-keys.")],
) -> None:
    """Send a message that a unit has failed; systemd does it (monitor-failed@.service).

    Example: monitor messages failed monitor-keys
    """
    config = common.config(half_restored=True)  # whatever the unit stumbled over must not keep this from being said
    title = f"UMKM monitor {config.region.name}: {unit} has failed"
    todo = f"journalctl -u {unit} -n 50, mend what it says, systemctl restart {unit}"
    body = f"The unit {unit} of systemd has failed.\nDo: {todo}"
    _send(config, messages.Message(title, body))


@app.command()
def show(as_json: Annotated[bool, typer.Option("--json", help="Print them as JSON.")] = False) -> None:
    """Show what would be sent now, without sending it.

    Example: monitor messages show
    """
    config = common.config()
    engine = private_engine(config)
    now = utc_now()
    with engine.connect() as connection:
        said = messages.read_said(connection, now.astimezone(UTC))
    local = now.astimezone(config.region.zone)
    found = messages.compose(lines_now(engine, config), said, local, rules_of(config.schedule), config.region.name)
    common.show("Messages that would be sent now", [{"title": one.title, "text": one.body} for one in found], as_json)
