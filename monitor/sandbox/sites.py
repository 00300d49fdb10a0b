"""Which marketplaces a world can serve: every module `shapes_*.py` of this package names its sites in `SITES`.

There is no list to keep, so a marketplace is added with one file.
"""

import pkgutil
from functools import cache
from importlib import import_module

import monitor.sandbox
from monitor.sandbox.storefront import Site
from monitor.sandbox.world import World


@cache
def site_types() -> dict[str, type[Site]]:
    """Slug -> site, ordered by slug. Raises RuntimeError where two modules name the same slug: a mistake of ours."""
    names = sorted(module.name for module in pkgutil.iter_modules(monitor.sandbox.__path__, "monitor.sandbox."))
    shapes = [import_module(name) for name in names if name.rpartition(".")[2].startswith("shapes_")]
    sites: list[type[Site]] = [site for module in shapes for site in module.SITES]
    found = {site.slug: site for site in sorted(sites, key=lambda site: site.slug)}
    if len(found) != len(sites):
        raise RuntimeError("Two modules monitor/sandbox/shapes_*.py name a site with the same slug.")
    return found


def sites_of(world: World) -> tuple[Site, ...]:
    """The sites of the marketplaces on which the world has shops; one without a shape is not served."""
    present = set(world.shops["marketplace"].unique())
    return tuple(site(world) for slug, site in site_types().items() if slug in present)
