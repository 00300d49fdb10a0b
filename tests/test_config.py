"""Configuration: environment over file over default; every mistake is one sentence that names the key."""

from pathlib import Path

import pytest

from monitor.config import load_config
from monitor.errors import UsageError
from monitor.weeks import last_ended_week, parse_week, shift_week, utc_now, week_days, week_of_date


def config_file(tmp_path: Path, text: str) -> dict[str, str]:
    path = tmp_path / "monitor.toml"
    path.write_text(text, encoding="utf-8")
    return {"MONITOR_CONFIG": str(path), "MONITOR_DATA_DIR": str(tmp_path / "d")}


def test_environment_wins_over_file_over_default(tmp_path: Path) -> None:
    env = config_file(tmp_path, 'database_url = "sqlite:///from-file.sqlite"\nresults_url = "sqlite:///r.sqlite"\n')
    settings = load_config(env | {"MONITOR_DATABASE_URL": "sqlite:///from-env.sqlite"})
    assert settings.database_url == "sqlite:///from-env.sqlite"
    assert settings.results_url == "sqlite:///r.sqlite"
    assert settings.phone_key_file == tmp_path / "d" / "keys" / "phone.key"
    assert settings.registry.max_reject_share == 0.01


def test_the_file_beside_the_data_is_found(tmp_path: Path) -> None:
    (tmp_path / "monitor.toml").write_text('[region]\nname = "Banten Raya"\n')
    assert load_config({"MONITOR_DATA_DIR": str(tmp_path)}).region.name == "Banten Raya"


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("databse_url = 'x'", r"Unknown key 'databse_url' in .*monitor.toml. Did you mean 'database_url'\?"),
        (
            "[registry]\nmax_reject = 0.1",
            r"Unknown key 'max_reject' in .*\[registry\]. Did you mean 'max_reject_share'\?",
        ),
        ("[feed.tokopdia.columns]\nshop_id = 'ID'", r"Unknown key 'tokopdia'.*Did you mean 'tokopedia'\?"),
        ("[registry]\nmax_reject_share = 'much'", r"'max_reject_share' .* must be of type float, not 'much'"),
        ("[region]\ntime_zone = 'Asia/Serang'", r"'time_zone' .* is not a known zone: 'Asia/Serang'"),
        ('[region]\ncode = "33"', r"'33' in .*: no places of that province are shipped"),
        ("[crawl.terms_checked_on]\ntokopediaa = 2026-01-01", r"Unknown key 'tokopediaa'.*Did you mean 'tokopedia'\?"),
        ("data_dir = 3", r"'data_dir' .* must be text"),
        ("region = 3", r"\[region\] must be a table"),
        ("data_dir", r"is not valid TOML"),
    ],
)
def test_a_mistake_is_named(tmp_path: Path, text: str, sentence: str) -> None:
    with pytest.raises(UsageError, match=sentence) as caught:
        load_config(config_file(tmp_path, text))
    assert "\n" not in str(caught.value)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="does not exist"):
        load_config({"MONITOR_CONFIG": str(tmp_path / "none.toml")})


def test_weeks_are_iso_weeks() -> None:
    from datetime import UTC, date, datetime
    from zoneinfo import ZoneInfo

    assert parse_week("2026-W47") == "2026-W47"
    assert week_days("2026-W47") == (date(2026, 11, 16), date(2026, 11, 22))
    assert week_of_date(date(2027, 1, 3)) == "2026-W53"
    assert shift_week("2026-W53", 1) == "2027-W01"
    # Monday 00:30 in Jakarta is still Sunday in UTC.
    moment = datetime(2026, 11, 22, 17, 30, tzinfo=UTC)
    assert last_ended_week(moment, ZoneInfo("Asia/Jakarta")) == "2026-W47"
    assert last_ended_week(moment, ZoneInfo("UTC")) == "2026-W46"
    assert utc_now().tzinfo is UTC


@pytest.mark.parametrize("text", ["2026-W54", "2027-W53", "2026W47", "47", "2026-W00", ""])
def test_what_is_no_week_is_refused(text: str) -> None:
    with pytest.raises(UsageError, match="not an ISO week"):
        parse_week(text)
