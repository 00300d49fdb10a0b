"""One piece of work on a worker: how it is handed out, and how it fails, in one sentence with nothing of rows in it.

Dask logs what a task raised and sends it on with all that led to it; an error of the database holds its statement and
values, so a task raises nothing but sentences.
"""

from collections.abc import Callable
from typing import Any, TypeVar
from uuid import uuid4

from monitor.cluster.turns import long_turns
from monitor.cluster.versions import admitted
from monitor.errors import ClusterError, MonitorError
from monitor.run_log import told

Made = TypeVar("Made")


def submit(client: Any, function: Callable[..., Any], *arguments: Any, computes: bool = True, **options: Any) -> Any:
    """The future of function(*arguments) on a worker of this version. options: of `distributed.Client.submit`.

    computes: False for work that mostly waits for others, as a crawl does.
    """
    key = f"{function.__name__}-{uuid4().hex}"  # names and times in Dask's own figures are those of the function
    steps = (plainly, at_length, function) if computes else (plainly, function)
    return client.submit(*steps, *arguments, key=key, pure=False, resources=admitted(), **options)


def plainly(function: Callable[..., Made], *arguments: Any) -> Made:
    """function(*arguments). Raises MonitorError alone, without what led to it; for an unexpected error its place."""
    try:
        return function(*arguments)
    except MonitorError as error:
        raised: MonitorError = error
    except Exception as error:
        raised = _unexpected(error)
    # Out here, since an error that is raised while another is handled takes that one along.
    raised.__cause__ = raised.__context__ = None
    raise raised.with_traceback(None)


def at_length(function: Callable[..., Made], *arguments: Any) -> Made:
    """function(*arguments) in long turns where the kernel gives them; the thread's next task starts as this one did.

    Where more workers compute than there are processors, short turns let them empty one another's caches all the time.
    """
    with long_turns():
        return function(*arguments)


def _unexpected(error: Exception) -> ClusterError:
    said = told(error)
    kind, place = said["error"], said.get("place", "an unknown place")
    return ClusterError(f"Work on a worker failed unexpectedly: {kind} at {place}; report it with this sentence.")
