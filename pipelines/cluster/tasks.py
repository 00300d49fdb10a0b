"""Tasks of a cluster that leave files: those whose files are there are left out, the others run and are waited for."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from monitor.cluster.storage import Storage
from monitor.cluster.work import submit

RETRIES = 2  # of a task that failed, for example since the shared folder did not answer


@dataclass(frozen=True)
class Task:
    """function(*arguments) on some worker; makes `makes`, a name in the shared folder, last of all."""

    function: Callable[..., None]
    arguments: tuple[Any, ...]
    makes: str


def run_all(client: Any, storage: Storage, tasks: Sequence[Task]) -> None:
    """Runs what is not made yet; raises what a task raised. Of a worker that ends, others take over the tasks."""
    open_tasks = [task for task in tasks if not storage.exists(task.makes)]
    futures = [submit(client, task.function, *task.arguments, retries=RETRIES) for task in open_tasks]
    try:
        client.gather(futures)
    finally:
        client.cancel(futures, force=True)
