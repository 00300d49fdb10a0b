"""A report on request (month, quarter, year, two weeks) on paper: its sentences, the trend, its table."""

from collections.abc import Sequence
from dataclasses import replace

from exports import wording
from exports.base import Export, plain
from exports.bulletin import paper
from exports.bulletin.content import Bulletin, Section
from exports.bulletin.making import bounded, repeated
from exports.bulletin.pictures import trend_drawing
from exports.bulletin.reading import check_paper
from exports.bulletin.sections import closing_sections
from exports.bulletin.tables import shown_table
from exports.facts import Facts
from exports.sentences import say
from exports.story import registry_line, tell
from monitor.weeks import published_on


def to_paper(facts: Facts, title: str, lines: Sequence[str], export: Export) -> bytes:
    """PDF, read back. facts: controlled, of the newest week of the request. Raises CheckError when it is wrong."""
    facts = bounded(facts)
    bulletin = _content(facts, title, lines, export)
    body = paper.to_pdf(bulletin)
    check_paper(body, bulletin, facts)
    return body


def _content(facts: Facts, title: str, lines: Sequence[str], export: Export) -> Bulletin:
    published = published_on(facts.week)
    vintage, registry = wording.VINTAGES[facts.vintage], registry_line(facts)
    head = say("kepala.laporan_keadaan", pekan=wording.week_long(facts.week), vintase=vintage, registri=registry)
    series = say("kepala.laporan", provinsi=plain(facts.config.region.name).upper())
    story = replace(
        tell(facts), series=series, head=head, finding=title.upper(), bullets=tuple(lines), glance=(), world=(), us=()
    )
    if facts.practice:
        story = replace(story, citing=say("kutip.latihan"))
    table = Section("pekan", export.title, (shown_table(export, facts.week),))
    return Bulletin(
        week=facts.week,
        year=published.year,
        month=published.month,
        day=published.day,
        practice=wording.PRACTICE if facts.practice else "",
        title=title,
        author=facts.config.office.name,
        repeated=repeated(facts, story),
        story=story,
        sections=(
            Section("perkembangan", say("tren.judul"), (trend_drawing(facts),)),
            table,
            *closing_sections(facts),
        ),
    )
