"""The texts of a release: citation, licence, change log."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from exports.release.diff import Change
from monitor.config import Config
from monitor.errors import UsageError

SYNTHETIC = "DATA LATIHAN"
SYNTHETIC_NOTE = (
    "DATA LATIHAN: synthetic data of the practice world, in the shape of a real release. No figure in it says anything "
    "about real businesses."
)


@dataclass(frozen=True)
class Head:
    """What names a release. kind: public or research; recipient, key_id, expires_on: None for a public one."""

    release_id: str
    week: str
    kind: str
    released_on: str
    synthetic: bool
    recipient: str | None = None
    key_id: str | None = None
    expires_on: str | None = None
    previous_id: str | None = None


def title(config: Config, head: Head) -> str:
    mark = f"[{SYNTHETIC}] " if head.synthetic else ""
    return f"{mark}Kehadiran UMKM {config.region.name} di lokapasar, rilis {head.release_id}"


def description(config: Config, head: Head) -> str:
    what = {
        "public": "Aggregates that passed disclosure control.",
        "research": "Pseudonymous rows under agreement, and the aggregates that belong to them.",
    }[head.kind]
    text = (
        f"Weekly presence of registered micro, small and medium businesses of {config.region.name} on marketplaces, up "
        f"to week {head.week}. {what} Method, columns and limits: see the codebook."
    )
    return f"{SYNTHETIC_NOTE} {text}" if head.synthetic else text


def citation(config: Config, head: Head) -> bytes:
    """CITATION.cff 1.2.0; its strings are JSON strings, which YAML reads as they are."""
    lines = {
        "cff-version": "1.2.0",
        "message": "If you use these data, please cite them as below.",
        "type": "dataset",
        "title": title(config, head),
        "version": head.release_id,
        "date-released": head.released_on,
        "abstract": description(config, head),
    }
    body = [f"{key}: {json.dumps(value, ensure_ascii=False)}" for key, value in lines.items()]
    body += ["authors:", f"  - name: {json.dumps(config.office.name, ensure_ascii=False)}"]
    if head.kind == "public":
        body.append(f"license: {json.dumps(config.release.licence)}")
    return ("\n".join(body) + "\n").encode()


def licence(config: Config, head: Head) -> bytes:
    """The configured text, else a short one of our own. Raises UsageError when the configured file is not there."""
    named = config.release.licence_file if head.kind == "public" else config.release.agreement_file
    if named:
        return _configured(config, named)
    return (_open_licence(config, head) if head.kind == "public" else _agreement(config, head)).encode()


def _configured(config: Config, named: str) -> bytes:
    path = Path(named)
    if config.source is not None and not path.is_absolute():
        path = config.source.parent / path
    try:
        return path.read_bytes()
    except OSError as error:
        raise UsageError(
            f"The text {path} named under [release] cannot be read: {error.strerror}; mend the name in monitor.toml."
        ) from None


def _open_licence(config: Config, head: Head) -> str:
    mark = f"{SYNTHETIC_NOTE}\n\n" if head.synthetic else ""
    return (
        f"{mark}{title(config, head)}\n\n"
        f"The data in this folder are licensed under {config.release.licence}:\n{config.release.licence_url}\n\n"
        f"Attribution: {config.office.name}, release {head.release_id}.\n"
    )


def _agreement(config: Config, head: Head) -> str:
    mark = f"{SYNTHETIC_NOTE}\n\n" if head.synthetic else ""
    until = f" until {head.expires_on}, when every copy is deleted" if head.expires_on else ""
    return (
        f"{mark}{title(config, head)}\n\n"
        f"Not open data. {config.office.name} lends these pseudonymous rows to the recipient '{head.recipient}' "
        f"under a written agreement{until}.\n\n"
        "The recipient uses them for the agreed purpose alone; does not try to find out who a row is about, nor\n"
        "joins them with other lists or another release for that; passes them on to nobody; shows no table with cells\n"
        "of fewer than five businesses; keeps them where only named persons can read them; and reports any loss.\n"
    )


# --- change log -----------------------------------------------------------------------------------------------------


def changelog(head: Head, changes: Sequence[Change] | None, alarms: Sequence[str]) -> bytes:
    """changes: None where there is nothing to compare with."""
    lines = [f"# Changes in {head.release_id}", ""]
    if head.synthetic:
        lines += [SYNTHETIC_NOTE, ""]
    if changes is None:
        why = f"The files of {head.previous_id} are not here any more" if head.previous_id else "First of its kind"
        return "\n".join([*lines, f"{why}: nothing to compare with.", ""]).encode()
    lines += [f"**Look here first:** {alarm}" for alarm in alarms] + ([""] if alarms else [])
    lines += [
        f"Compared with {head.previous_id}, by meaning: order, times of retrieval and hashes do not count.",
        "",
        "| table | rows before | added | changed | removed |",
        "| --- | ---: | ---: | ---: | ---: |",
    ]
    lines += [
        f"| {one.table} | {one.before:,} | {one.added:,} | {one.changed:,} | {one.removed:,} |" for one in changes
    ]
    return ("\n".join(lines) + "\n").encode()
