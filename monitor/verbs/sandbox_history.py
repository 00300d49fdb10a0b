"""`sandbox history`: some practice weeks one after the other, so that there is a history to study."""

from pathlib import Path
from typing import Annotated, Any

import typer
from sqlalchemy import Engine

from exports.release.recipients import DATABASE
from monitor import results_build
from monitor.config import Config
from monitor.database import private_engine, results_engine
from monitor.errors import UsageError
from monitor.feed.handover import hand_over
from monitor.practice import is_practice, require_practice_folder, sandbox_dir
from monitor.regions import areas
from monitor.registry.importing import import_part
from monitor.sandbox import history as past
from monitor.sandbox import world
from monitor.sandbox.review import answer_sheets
from monitor.verbs import common
from monitor.verbs.release import freeze
from monitor.verbs.review import export_sheets, import_sheets
from monitor.weeks import parse_week, week_days
from pipelines.cohort_import import import_cohort
from pipelines.load import load_week
from pipelines.match import link_week
from pipelines.measure import measure_week
from pipelines.probe_import import import_probes

ROUNDS = 2  # sheets of a week: first and second coders, then those asked because an answer contradicts the score
SLIPS = 0.02  # of the answers are wrong, as people's are
FINAL_AFTER = 5  # weeks after which a week is measured again as final; after half of a short history
RELEASES_APART = 2  # weeks between the first and the second release


def history(
    seed: Annotated[int, typer.Option(min=0, help="The same seed gives the same weeks.")] = past.SEED,
    businesses: Annotated[int, typer.Option(min=1, help="Registered businesses.")] = past.BUSINESSES,
    shops: Annotated[int, typer.Option(min=1, help="Shops on all marketplaces together.")] = past.SHOPS,
    owned: Annotated[float, typer.Option(help="Share of shops that registered businesses run.")] = past.OWNED_SHARE,
    weeks: Annotated[int, typer.Option(min=2, max=52, help="How many weeks.")] = past.WEEKS,
    last_week: Annotated[str, typer.Option(help="ISO week of the last one.")] = past.LAST_WEEK,
    as_json: Annotated[bool, typer.Option("--json", help="Print the closing table as JSON.")] = False,
) -> None:
    """Fill an empty data folder (MONITOR_DATA_DIR) with practice weeks, from lists handed in to figures with intervals.

    Shops open and close, one marketplace refuses in week 5, another can be read from week 4 on; people answer the
    review sheets, some of them late; a week is measured again as final five weeks later, and two weeks are released.

    Example: monitor sandbox history --seed 47
    """
    config = common.config()
    require_practice_folder(config)
    if is_practice(config):
        raise UsageError(f"{config.data_dir} holds practice data already; name an empty folder with MONITOR_DATA_DIR.")
    made = past.make(seed, businesses, shops, owned, weeks, parse_week(last_week))
    rows = run(config, made)
    common.show("Practice weeks", rows, as_json)


def run(config: Config, made: past.History) -> list[dict[str, Any]]:
    """The weeks of `made` in the data folder of `config`, which is empty; one row a week."""
    world.write(made.made, sandbox_dir(config))
    engine, results = private_engine(config), results_engine(config)
    try:
        maker = _Maker(config, made, engine, results)
        with common.recorded(engine, "sandbox history"), common.progress("Making weeks", made.weeks) as advance:
            maker.begin()
            rows = []
            for number in range(1, made.weeks + 1):
                rows.append(maker.one_week(number))
                advance(description=f"Made {made.week(number)}")
        return rows
    finally:
        engine.dispose()
        results.dispose()


class _Maker:
    """Each step by the function behind its verb."""

    def __init__(self, config: Config, made: past.History, engine: Engine, results: Engine) -> None:
        self.config, self.made, self.engine, self.results = config, made, engine, results
        self.world, self.office = sandbox_dir(config), config.region.code
        self.handed = config.data_dir / "handed"
        self.handed.mkdir()
        self.late: list[Path] = []  # an office's sheets that come in a week later, after the flash

    def begin(self) -> None:
        """The registry and the participants of the training."""
        import_part(self.engine, self.config, self.world / world.REGISTRY_FILE, self.made.as_of, self.office)
        path = past.write_list(self.handed / "peserta.csv", "cohort", self.made.participants())
        import_cohort(self.engine, self.config, path, past.TRAINING, self.made.held_on, self.office)

    def one_week(self, number: int) -> dict[str, Any]:
        week = self.made.week(number)
        self._hand_in(number)
        load_week(self.engine, self.config, week)
        link_week(self.engine, self.config, week)
        self._review(week)
        measured = measure_week(self.engine, self.config, week)
        results_build.build(self.engine, self.results, self.config, week)
        older = number - min(FINAL_AFTER, self.made.weeks // 2)
        if older > 0:
            self._finally(self.made.week(older))
        if number in (self.made.weeks - RELEASES_APART, self.made.weeks):
            self._release(week)
        level = measured.level
        figures = {name: None if level[name] is None else round(level[name], 1) for name in ("value", "low", "high")}
        return {"week": week, "status": level["status"], **figures, "verified": measured.verified}

    def _hand_in(self, number: int) -> None:
        week = self.made.week(number)
        day = week_days(week)[0].isoformat()
        for slug, rows in self.made.lists(number).items():
            path = self.handed / f"{slug}-{week}.csv"
            rows.to_csv(path, index=False)
            hand_over(self.config, path, slug, day, complete=True)
        known = past.write_list(self.handed / f"uji-{week}.csv", "probe", self.made.known_to_sell(number))
        import_probes(self.engine, self.config, known, self.office)

    def _review(self, week: str) -> None:
        """One office after the other sends its sheets a week late."""
        import_sheets(self.engine, self.config, self.late)
        self.late = []
        offices = [area.code for area in areas()]
        office = offices[int(week[-2:]) % len(offices)]
        for turn in range(ROUNDS):
            folder = self.handed / f"lembar-{week}-{turn}"
            sheets: list[Path] = export_sheets(self.engine, self.config, week, folder, file_format="csv")
            if not sheets:
                break
            answer_sheets(self.world, self.engine, sheets, SLIPS)
            late = [sheet for sheet in sheets if sheet.stem.endswith(f"-{office}")]
            self.late += late
            import_sheets(self.engine, self.config, [sheet for sheet in sheets if sheet not in late])
        link_week(self.engine, self.config, week)

    def _finally(self, week: str) -> None:
        """The figures again, with what has been judged since; not the links, since that takes back later weeks."""
        measure_week(self.engine, self.config, week, "final")
        results_build.build(self.engine, self.results, self.config, week)

    def _release(self, week: str) -> None:
        """For everybody, and with rows for the results database: the synthetic releases that can be downloaded."""
        for recipient in (None, DATABASE):
            freeze(self.config, self.engine, self.results, week, recipient)
