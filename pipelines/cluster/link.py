"""`link` on a cluster: pairs come from partitions, all that looks at many shops at once is decided in the client."""

from collections.abc import Callable
from functools import partial
from typing import Any, TypeVar

from monitor.cluster.connect import persistently, refuse_sqlite
from monitor.cluster.storage import Storage, link_folder, storage_url
from monitor.cluster.worker import waiting
from monitor.config import Config
from monitor.errors import UsageError
from pipelines.cluster.prepare import prepare
from pipelines.cluster.scoring import forget, score_parted
from pipelines.linkage.index_store import index_version
from pipelines.linkage.weights import load_weights
from pipelines.match import Computed, Inputs, Search, compute, local_words, place_words
from pipelines.match_cache import LinkCache

Found = TypeVar("Found")
Tell = Callable[[str], None]


class ClusterLink:
    """What `match.link_week` does elsewhere than in this process."""

    def __init__(self, config: Config, address: str, tell: Tell) -> None:
        """Raises UsageError for SQLite, StoreError for a shared folder that cannot be used."""
        refuse_sqlite(config)
        self.config, self.address, self.tell = config, address, tell
        self.url = storage_url(config)
        Storage(self.url)

    def patiently(self, work: Callable[[], Found]) -> Found:
        """work(), which asks the database, again while that is away."""
        return waiting(self.config, work)

    def compute(self, inputs: Inputs, cache: LinkCache) -> Computed:
        """As `match.compute`; goes on where it was when the scheduler comes back."""
        return persistently(self.config, self.address, partial(self._compute, inputs, cache), self.tell)

    def _compute(self, inputs: Inputs, cache: LinkCache, client: Any) -> Computed:
        province, most = self.config.region.code, self.config.cluster.partitions
        search = partial(over_partitions, client, self.url, link_folder(self.config), province, most, self.tell)
        return compute(inputs, province, load_weights(), self.tell, cache, search)


def over_partitions(client: Any, url: str, place: str, province: str, most: int, tell: Tell, inputs: Inputs) -> Search:
    """Pairs of shops with the registry of the inputs in partitions of at most `most` businesses."""
    if most < 1:
        raise UsageError("'partitions' in [cluster] must be 1 or more businesses.")
    words = sorted(place_words(province)), sorted(local_words(province))
    version = index_version(inputs.snapshot.snapshot_id, load_weights(), *words)
    parted = prepare(client, url, place, version, most, lambda: (inputs.registry, inputs.declared), words, tell)
    return Search(version, partial(score_parted, client, parted, tell=tell), partial(forget, parted))
