"""`week`: everything for one fixed week, from the inbox to the report. It never waits for people."""

import shutil
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.markup import escape
from sqlalchemy import Engine

from exports.publish import publish
from monitor import results_build
from monitor.config import Config
from monitor.crawl.files import list_crawls
from monitor.crawl.process import Outcome
from monitor.database import private_engine, results_engine
from monitor.errors import UsageError
from monitor.permission import permission_problem
from monitor.practice import is_practice, is_rehearsal, require_practice_folder, sandbox_dir
from monitor.registry.importing import checked_office, import_part
from monitor.registry.snapshots import current_snapshot
from monitor.sandbox import present, score, world
from monitor.sandbox import review as sandbox_review
from monitor.sandbox.habits import HABITS
from monitor.sandbox.handed_lists import hand_in
from monitor.sandbox.server import Server
from monitor.verbs import common, inbox
from monitor.verbs.crawl import crawl_all
from monitor.verbs.figures import figure
from monitor.verbs.parse import spiders
from monitor.verbs.probe import send_templates
from monitor.verbs.probe_check import check_all
from monitor.verbs.review import export_sheets, import_sheets
from monitor.weeks import shift_week, utc_now, week_days, week_of
from pipelines.load import load_week
from pipelines.match import link_week
from pipelines.measure import has_new_answers, measure_week

NO_REGISTRY = (
    "There is no registry yet: put a list into {inbox}/<office>/registri-YYYY-MM-DD.xlsx, or name it in monitor.toml "
    "([registry] file, as_of), or run 'monitor registry import FILE --as-of DATE'; "
    "'monitor week --sandbox' shows a week on practice data."
)
ROUNDS = 3  # first and second coders, those asked because an answer contradicts the score, third ones
PRACTICE_GROUPS = 120  # judged by sample: a level wants a hundred, which real offices reach in their second week
SLIPS = 0.02  # of the practice office's answers are wrong, as people's are
console = Console(highlight=False)


def week(
    week: Annotated[str | None, typer.Option(help="ISO week; default: the last one that ended.")] = None,
    sandbox: Annotated[bool, typer.Option("--sandbox", help="On practice data, made and served here.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print the closing table as JSON.")] = False,
) -> None:
    """Run a whole week: take in what was handed in, crawl, load, link, review, measure, report.

    Example: monitor week --week 2026-W47
    """
    config = common.config()
    chosen = common.week_option(week, config)
    if sandbox:
        require_practice_folder(config)
    elif is_practice(config):
        raise UsageError(
            f"{config.data_dir} is a practice folder: add --sandbox, or name another with MONITOR_DATA_DIR."
        )
    engine = private_engine(config)
    with common.recorded(engine, "week", week=chosen):
        steps = _Steps(engine, config, chosen, quiet=as_json)
        # A rehearsal crawls in its slots and has people who answer later: only its data are for practice.
        rows = steps.practice() if sandbox and not is_rehearsal(config) else steps.real(practice=sandbox)
    common.show(f"Week {chosen}", rows, as_json)


class _Steps:
    """The steps of one week; each says in a line what it did."""

    def __init__(self, engine: Engine, config: Config, week: str, quiet: bool) -> None:
        self.engine = engine
        self.config = config
        self.week = week
        self.quiet = quiet

    def say(self, step: str, text: str) -> None:
        if not self.quiet:
            console.print(f"[bold]{step:<9}[/bold] {escape(text)}", soft_wrap=True)

    # --- the two kinds of week

    def real(self, practice: bool = False) -> dict[str, Any]:
        for folder in inbox.unknown_folders(self.config):
            self.say(
                "inbox", f"{folder} is no office and was left alone; name it like 3602, or {self.config.region.code}"
            )
        self._take_in()
        self._configured_registry()
        self._require_registry()
        self._crawl_live()
        self._check_probes()
        self._load()
        self._link()
        self._sheets()
        self._send_templates()
        return self._measure_and_report(practice=practice)

    def practice(self) -> dict[str, Any]:
        folder = self._make_world()
        as_of = week_days(self.week)[0].isoformat()
        self._import(folder / world.REGISTRY_FILE, as_of, self.config.region.code)
        hand_in(folder, self.config.inbox_dir, self.week, self.config.region.code)
        self._take_in()
        if sites := self._not_crawled(HABITS):
            with Server(folder):
                self._tell_crawls(crawl_all(self.config, sites, sandbox=folder, week=self.week))
                self._check_probes(folder)
        self._load()
        self._link()
        self._review(folder)
        self._link()
        rows = self._measure_and_report(practice=True)
        return rows | self._compare_with_truth(folder)

    # --- what people hand in

    def _take_in(self) -> None:
        for taken in inbox.take_in(self.engine, self.config):
            self.say("inbox", f"{taken.office}: {taken.file} ({taken.kind}) {taken.outcome}")

    def _send_templates(self) -> None:
        """A sheet for businesses known to sell, to offices that have named too few of them."""
        today = utc_now().astimezone(self.config.region.zone).date()
        if written := send_templates(self.engine, self.config, today):
            self.say(
                "probe", f"{len(written)} offices below their target have a new sheet for businesses known to sell"
            )

    def _make_world(self) -> Path:
        folder = sandbox_dir(self.config)
        if not is_practice(self.config):
            world.write(world.make_world(), folder)
        return folder

    def _import(self, path: Path, as_of: str, office: str) -> None:
        with common.recorded(self.engine, "registry", subject=office), common.progress(f"Importing {path.name}"):
            report = import_part(self.engine, self.config, path, as_of, office)
        self.say("registry", f"{report.business_count:,} businesses, as of {as_of} ({report.state})")

    def _configured_registry(self) -> None:
        wanted = self.config.registry
        if not wanted.file:
            return
        path = Path(wanted.file)
        if self.config.source and not path.is_absolute():
            path = self.config.source.parent / path
        if not wanted.as_of:
            raise UsageError(f"[registry] in {self.config.source} names a file; say its date too, as_of = YYYY-MM-DD.")
        self._import(path, wanted.as_of, checked_office(wanted.office or None, self.config))

    def _require_registry(self) -> None:
        with self.engine.connect() as connection:
            snapshot = current_snapshot(connection, self.week)
        if snapshot is None:
            raise UsageError(NO_REGISTRY.format(inbox=self.config.inbox_dir))
        self.say("registry", f"{snapshot.business_count:,} businesses, as of {snapshot.as_of}, are what is measured")

    # --- marketplaces

    def _not_crawled(self, slugs: Iterable[str]) -> list[str]:
        """A second run of the week goes on where the first stopped; what was crawled to its end stays."""
        found = {slug: list_crawls(self.config.crawls_dir, slug, self.week) for slug in slugs}
        ended = {slug for slug, paths in found.items() if any((path / "stats.json").exists() for path in paths)}
        for slug in sorted(ended):
            self.say("crawl", f"{slug}: crawled before in {self.week}")
        return [slug for slug in found if slug not in ended]

    def _crawl_live(self) -> None:
        """Only the present week can be crawled; of an ended one there is what was crawled then."""
        if self.week != week_of(utc_now(), self.config.region.zone):
            self.say("crawl", f"{self.week} has ended: using what 'monitor crawl' read and what was handed in then")
            return
        allowed = [slug for slug, entry in spiders().items() if permission_problem(entry, self.config) is None]
        if not allowed:
            self.say("crawl", "no marketplace may be crawled yet: enter the day its terms were read in monitor.toml")
        elif sites := self._not_crawled(allowed):
            self._tell_crawls(crawl_all(self.config, sites))

    def _tell_crawls(self, outcomes: list[Outcome]) -> None:
        for outcome in outcomes:
            read = f"{outcome.shops:,} shops, {outcome.listings:,} listings"
            self.say("crawl", f"{outcome.marketplace}: {outcome.state}, {outcome.message or read}")

    def _check_probes(self, sandbox: Path | None = None) -> None:
        """Are the shops of the probe open? A fetch of its own, since no crawl may know of them."""
        if sandbox is None and self.week != week_of(utc_now(), self.config.region.zone):
            return
        for one in check_all(self.engine, self.config, self.week, [], sandbox):
            said = f", {one.message}" if one.message else ""
            self.say("probe", f"{one.marketplace}: {one.shops} shops, {one.states.get('live', 0)} live{said}")

    def _load(self) -> None:
        with common.recorded(self.engine, "load", week=self.week), common.progress("Loading"):
            report = load_week(self.engine, self.config, self.week)
        for entry in report.marketplaces:
            cause = f" ({entry.cause})" if entry.cause else ""
            self.say("load", f"{entry.marketplace}: {entry.outcome}{cause}, {entry.shop_count:,} shops")

    # --- links and people

    def _link(self) -> None:
        with common.recorded(self.engine, "link", week=self.week), common.progress("Linking"):
            report = link_week(self.engine, self.config, self.week)
        self.say(
            "link",
            f"{report.linked:,} shops linked, {report.confirmed:,} confirmed by a person, {report.review:,} for review",
        )

    def _sheets(self, config: Config | None = None) -> list[Path]:
        """Each office's review sheet into its own folder of the outbox."""
        config = config or self.config
        with common.recorded(self.engine, "review export", week=self.week), common.progress("Writing review sheets"):
            written = export_sheets(self.engine, config, self.week, config.outbox_dir, by_office=True)
        self.say("review", f"{len(written)} review sheet{'s' * (len(written) != 1)} under {self.config.outbox_dir}")
        return written

    def _review(self, folder: Path) -> None:
        """The practice office answers at once; what other coders have to see then comes with the next sheets."""
        busy = replace(self.config, review=replace(self.config.review, sample_groups=PRACTICE_GROUPS))
        for _ in range(ROUNDS):
            if not (sheets := self._sheets(busy)):
                break
            self._answer(folder, sheets)

    def _answer(self, folder: Path, sheets: list[Path]) -> None:
        answered = folder / "jawaban"
        answered.mkdir(exist_ok=True)
        copies = [Path(shutil.copy(sheet, answered / sheet.name)) for sheet in sheets]
        sandbox_review.answer_sheets(folder, self.engine, copies, SLIPS)
        receipts = import_sheets(self.engine, self.config, copies)
        count = sum(receipt.answered for receipt in receipts)
        self.say("review", f"{count:,} rows answered by the truth of the practice world, {SLIPS:.0%} of them wrongly")

    # --- figures and files

    def _measure_again(self) -> None:
        """The week before, once more, where answers came in since: what arrived or left in it could not be judged
        before its report. What was told stays; this is the next revision of the flash, and this week's report says the
        change of that week."""
        before = shift_week(self.week, -1)
        if not has_new_answers(self.engine, before):
            return
        with common.recorded(self.engine, "measure", week=before), common.progress(f"Measuring {before} again"):
            figures = measure_week(self.engine, self.config, before)
            if figures.revision is not None:
                results_build.build(self.engine, results_engine(self.config), self.config, before)
        if figures.revision is not None:
            self.say("measure", f"{before} again, with answers that came in since: revision {figures.revision}")

    def _measure_and_report(self, practice: bool) -> dict[str, Any]:
        self._measure_again()
        with common.recorded(self.engine, "measure", week=self.week), common.progress("Measuring"):
            figures = measure_week(self.engine, self.config, self.week)
        with common.recorded(self.engine, "report", week=self.week), common.progress("Writing the report"):
            results = results_engine(self.config)
            results_build.build(self.engine, results, self.config, self.week)
            folder = publish(self.config, self.engine, results, self.week, practice=practice)
        return {
            "businesses present (E1), 95 % interval": figure(self.engine, self.week, "E1"),
            "share of the registered (E2)": figure(self.engine, self.week, "E2"),
            "groups confirmed by a person (E8)": figures.verified,
            "groups linked by the system, unchecked (D)": figures.detected,
            "marketplaces covered": figures.covered,
            "workbook": str(folder / f"kehadiran-{self.week}.xlsx"),
            "bulletin": str(folder / f"buletin-{self.week}.html"),
        }

    def _compare_with_truth(self, folder: Path) -> dict[str, Any]:
        """Only practice data know who runs which shop: how right this run was."""
        found = score.score_links(folder, self.engine, self.week)
        confirmed = f"{found['businesses_confirmed_right']} of {found['businesses_confirmed']}"
        return {
            "the truth: shops of registered businesses that were read": found["true_links"],
            "links that are right": f"{found['links_right']} of {found['links']}",
            "share of those shops linked": f"{found['recall'] or 0:.0%}",
            "share linked of those that leave enough traces": f"{found['recall_findable'] or 0:.0%}",
            "businesses confirmed that truly are present": confirmed,
            "businesses that truly are present on the marketplaces covered": present.covered_count(
                folder, self.engine, self.week
            ),
            "businesses that truly are present, also where nothing was read": found["businesses_present"],
        }
