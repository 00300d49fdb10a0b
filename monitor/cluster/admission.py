"""Every worker says which versions it runs, as a Dask resource; the scheduler then gives it only what fits them.

The one module that imports Dask at its top: a plugin has to be a class of Dask's. Nobody on one machine imports it.
"""

from typing import Any

from distributed import WorkerPlugin

from monitor.cluster.versions import UNIT, resource

NAME = "monitor-versions"


class Announce(WorkerPlugin):  # type: ignore[misc]  # Dask has no types
    """Runs on workers that are there and on those that join later."""

    async def setup(self, worker: Any) -> None:
        name = resource()
        if name not in worker.state.total_resources:  # saying it again would forget what running tasks hold
            await worker.set_resources(**{name: UNIT})
