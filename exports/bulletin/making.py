"""The files of the bulletin from the facts of a week."""

from dataclasses import replace

from exports import wording
from exports.base import cut, plain
from exports.bulletin import html, paper
from exports.bulletin.content import Bulletin, Shown
from exports.bulletin.message import message
from exports.bulletin.sections import sections
from exports.cells import is_figure
from exports.facts import Facts
from exports.story import Story, registry_line, tell
from exports.wording import Cell
from monitor.weeks import published_on

LONGEST_NAME = 100  # characters


def files(facts: Facts, week: str) -> dict[str, bytes]:
    """Name -> bytes. facts: of the controlled class. Raises InputError on unusable boundaries."""
    bulletin = content(facts, week)
    return {
        f"buletin-{week}.html": html.to_page(bulletin),
        f"buletin-{week}.pdf": paper.to_pdf(bulletin),
        f"buletin-{week}.png": paper.to_picture(bulletin),
        f"sekilas-{week}.png": paper.to_box(bulletin),
        f"pesan-{week}.txt": bulletin.message.encode("utf-8"),
    }


def content(facts: Facts, week: str) -> Bulletin:
    """Everything the bulletin says and shows."""
    facts = bounded(facts)
    story, published = tell(facts), published_on(week)
    return Bulletin(
        week=week,
        year=published.year,
        month=published.month,
        day=published.day,
        practice=wording.PRACTICE if facts.practice else "",
        title=f"{story.series}, {wording.week_short(week)} tahun {week[:4]}",
        author=facts.config.office.name,
        repeated=repeated(facts, story),
        story=story,
        figures=tuple(
            (_main(number, label, cell), meaning) for number, (label, cell, meaning) in enumerate(story.figures)
        ),
        sections=sections(facts, story, week),
        message=message(facts, story),
    )


def bounded(facts: Facts) -> Facts:
    """Names from outside as one harmless line each, cut where they would fill a page."""
    office = facts.config.office
    named = {name: _name(getattr(office, name)) for name in ("name", "contact", "signatory")}
    return replace(
        facts,
        config=replace(facts.config, office=replace(office, **named)),
        areas={code: _name(name) for code, name in facts.areas.items()},
        sectors={code: _name(name) for code, name in facts.sectors.items()},
        marketplaces=tuple(replace(item, title=_name(item.title)) for item in facts.marketplaces),
    )


def _name(text: str) -> str:
    return cut(plain(text), LONGEST_NAME)


def repeated(facts: Facts, story: Story) -> tuple[str, str]:
    """What every page says: week and kind of figures; scope and registry."""
    week = f"Keadaan {wording.week_long(facts.week)}. {wording.VINTAGES[facts.vintage]}."
    return week, f"{story.scope} {registry_line(facts)}"


def _main(number: int, label: str, cell: Cell) -> Shown:
    value = cell if isinstance(cell, int | float) else None
    text = wording.number(value) if value is not None else str(cell)
    return Shown(text, "count" if is_figure(cell) else "word", value, f"pokok-{number}", label=label)
