"""The run book has one entry for every alert, cause of a crawl and sentence, and none that is no longer said."""

import re

from run_book import BOOKS, LABELS, ROOT, entries, said, unread

# Modules that raise what they were handed, and where it comes from: a sentence that another module makes and that is
# scanned there (SAYING in run_book.py, or an exception of its own).
HANDED = {
    "monitor/backup/stores.py": "monitor/database_errors.py",
    "monitor/cluster/connect.py": "its own refusals",
    "monitor/database_errors.py": "its own table",
    "monitor/feed/source.py": "the reader of tables, under the name of the file",
    "monitor/permission.py": "its own sentences",
    "monitor/spider_update.py": "its own sentences",
    "monitor/verbs/crawl.py": "monitor/permission.py",
    "monitor/verbs/doctor.py": "monitor/permission.py",
    "monitor/verbs/load.py": "pipelines/load.py",
    "monitor/verbs/parse.py": "the spider that read the answer",
    "monitor/verbs/review.py": "pipelines/review_reading.py, one sentence a file",
    "monitor/verbs/run.py": "monitor/permission.py",
    "pipelines/audit_import.py": "pipelines/business_finder.py",
    "pipelines/load.py": "monitor/crawl/store.py, monitor/crawl/reader.py",
}


def test_every_sentence_has_its_entry() -> None:
    covered = {sentence for entry in entries() for sentence in entry.sentences}
    missing = {sentence: where for sentence, where in said().items() if sentence not in covered}
    told = "\n".join(f"- `{sentence}`    ({where})" for sentence, where in sorted(missing.items()))
    assert not missing, f"Add below the entry that fits, in docs/run-book*.md:\n{told}"


def test_no_entry_keeps_a_sentence_that_is_not_said_any_more() -> None:
    now = said()
    gone = [f"{entry.title}: - `{one}`" for entry in entries() for one in entry.sentences if one not in now]
    assert not gone, "Remove from the run book:\n" + "\n".join(gone)


def test_a_sentence_stands_below_one_entry_only() -> None:
    listed = [sentence for entry in entries() for sentence in entry.sentences]
    assert sorted({one for one in listed if listed.count(one) > 1}) == []


def test_every_entry_says_what_to_do_and_whom_to_call() -> None:
    for entry in entries():
        found = re.findall(r"^\*\*(\w+\.)\*\*", entry.text, re.MULTILINE)
        assert tuple(found) == LABELS, entry.title
        assert entry.sentences, entry.title


def test_a_new_place_that_hands_sentences_on_is_looked_at() -> None:
    new = unread() - set(HANDED)
    assert not new, f"{sorted(new)} raise a variable: say in HANDED where its sentences are made, and scan them there."


def test_links_between_the_pages_lead_somewhere() -> None:
    for name in ("operations.md", "install.md", "upkeep.md", "sizing.md", "audit.md", *BOOKS):
        text = (ROOT / "docs" / name).read_text(encoding="utf-8")
        for target in re.findall(r"\]\(([^)#:]+)\)", text):
            assert (ROOT / "docs" / target).exists(), f"{name}: {target}"
