"""The message to forward: plain text for WhatsApp, whose marks in outside text are taken away."""

from exports import level_words, wording
from exports.base import plain
from exports.cells import ONLY_INTERVAL, figure_cell
from exports.coverage_words import old
from exports.facts import Facts
from exports.sentences import say
from exports.story import Story, registry_line

_MARKS = str.maketrans({"*": "\u2217", "_": "\uff3f", "~": "\u223c", "`": "'"})  # look alike, mean nothing there


def message(facts: Facts, story: Story) -> str:
    """One paragraph, then the registry; practice data say so in front."""
    answers = dict(story.glance)
    said = [
        _estimate(facts, answers[say("sekilas.berapa")]),
        say("pesan.dibandingkan", jawaban=_lower(answers[say("sekilas.dibandingkan")])),
        say("pesan.tidak_diukur", jawaban=answers[say("sekilas.tidak_diukur")]),
        _citing(facts, story),
    ]
    head = say(
        "pesan.kepala",
        provinsi=_safe(facts.config.region.name),
        pekan=wording.week_short(facts.week),
        hari=wording.week_days_long(facts.week),
        vintase=_lower(wording.VINTAGES[facts.vintage]),
    )
    lines = [*([wording.PRACTICE] if facts.practice else []), " ".join([head, *map(_safe, said)]), registry_line(facts)]
    return "\n".join(lines) + "\n"


def _estimate(facts: Facts, answer: str) -> str:
    level, share = facts.province("E1"), facts.province("E2")
    if not level.shown:
        return say("pesan.belum", jawaban=_lower(answer))
    ends = level_words.ends(level)
    if figure_cell(level) == ONLY_INTERVAL:
        return say("pesan.perkiraan_kisaran", kisaran=ends)
    if old(facts) or not share.shown or share.value is None:
        name = "pesan.perkiraan_lama" if old(facts) else "pesan.perkiraan_saja"
        return say(name, jumlah=level_words.amount(level), kisaran=ends)
    thousand = level_words.of_thousand(share.value)
    return say("pesan.perkiraan", jumlah=level_words.amount(level), kisaran=ends, perseribu=thousand)


def _citing(facts: Facts, story: Story) -> str:
    return say("pesan.kutip") if story.citing == say("kutip.boleh") else story.citing


def _safe(text: str) -> str:
    return plain(text).translate(_MARKS)


def _lower(text: str) -> str:
    return text[:1].lower() + text[1:]
