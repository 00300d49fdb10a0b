"""Draws of the headline; what a research release needs; week numbers

Revision: 0003, after 0002. Comments of tables and columns are written anew by every migration (`results_views`).
The pseudonymous tables are made anew: no earlier version had a verb that filled them, and a release replaces them whole.
"""

from datetime import date

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

# Counts that a release may withhold.
MAY_MISS = {
    "probe_summary": ("usable_count",),
    "marketplace_weeks": ("shop_count",),
    "crawls": ("shop_count", "listing_count"),
}
REMADE = ("businesses", "shops", "presence", "judgements", "link_history")


def upgrade() -> None:
    op.rename_table("draws", "review_draws")
    if op.get_context().dialect.name == "postgresql":
        op.execute("ALTER INDEX pk_draws RENAME TO pk_review_draws")
    for name in REMADE:
        op.drop_table(name)
    _create_tables()
    _number_weeks()
    for table, names in MAY_MISS.items():
        with op.batch_alter_table(table) as batch_op:
            for name in names:
                batch_op.alter_column(name, existing_type=sa.Integer(), nullable=True)
    _extend_releases()


def _number_weeks() -> None:
    op.add_column("weeks", sa.Column("week_number", sa.Integer(), nullable=True))
    connection = op.get_bind()
    weeks = sa.table("weeks", sa.column("week", sa.Text), sa.column("week_number", sa.Integer))
    for week in connection.execute(sa.select(weeks.c.week)).scalars().all():
        number = date.fromisocalendar(int(week[:4]), int(week[6:]), 1).toordinal() // 7
        connection.execute(weeks.update().where(weeks.c.week == week).values(week_number=number))
    with op.batch_alter_table("weeks") as batch_op:
        batch_op.alter_column("week_number", existing_type=sa.Integer(), nullable=False)


def _extend_releases() -> None:
    """What releases of earlier versions would have meant: real data, nothing alarming."""
    for table, flag in (("releases", "is_practice"), ("changes", "is_alarm")):
        op.add_column(table, sa.Column(flag, sa.Boolean(), nullable=False, server_default=sa.false()))
        with op.batch_alter_table(table) as batch_op:
            batch_op.alter_column(flag, existing_type=sa.Boolean(), server_default=None)
    with op.batch_alter_table("releases") as batch_op:
        batch_op.alter_column("manifest_sha256", existing_type=sa.Text(), nullable=True)
    for name in ("recipient", "key_id", "expires_on"):
        op.add_column("releases", sa.Column(name, sa.Text(), nullable=True))
    op.add_column("changes", sa.Column("share", sa.Float(), nullable=True))


def _create_tables() -> None:
    op.create_table(
        "draws",
        sa.Column("estimand", sa.Text(), nullable=False, autoincrement=False),
        sa.Column("week", sa.Text(), nullable=False, autoincrement=False),
        sa.Column("vintage", sa.Text(), nullable=False, autoincrement=False),
        sa.Column("revision", sa.Integer(), nullable=False, autoincrement=False),
        sa.Column("draw", sa.Integer(), nullable=False, autoincrement=False),
        sa.Column("value", sa.Float(), nullable=False),
        sa.PrimaryKeyConstraint("estimand", "week", "vintage", "revision", "draw", name=op.f("pk_draws")),
    )
    op.create_table(
        "businesses",
        sa.Column("group_pseudonym", sa.Text(), nullable=False, autoincrement=False),
        sa.Column("area_code", sa.Text(), nullable=True),
        sa.Column("sector", sa.Text(), nullable=True),
        sa.Column("kbli2", sa.Text(), nullable=True),
        sa.Column("size", sa.Text(), nullable=True),
        sa.Column("year_band", sa.Text(), nullable=True),
        sa.Column("has_pirt", sa.Boolean(), nullable=True),
        sa.Column("has_halal", sa.Boolean(), nullable=True),
        sa.Column("cohort", sa.Text(), nullable=True),
        sa.Column("cohort_kind", sa.Text(), nullable=True),
        sa.Column("cohort_quarter", sa.Text(), nullable=True),
        sa.Column("valid_from_week", sa.Text(), nullable=False),
        sa.Column("valid_to_week", sa.Text(), nullable=True),
        sa.Column("withheld", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("group_pseudonym", name=op.f("pk_businesses")),
    )
    op.create_table(
        "shops",
        sa.Column("shop_pseudonym", sa.Text(), nullable=False, autoincrement=False),
        sa.Column("marketplace", sa.Text(), nullable=False),
        sa.Column("area_code", sa.Text(), nullable=True),
        sa.Column("listing_count_band", sa.Text(), nullable=True),
        sa.Column("joined_quarter", sa.Text(), nullable=True),
        sa.Column("is_active", sa.Boolean(), nullable=True),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("first_seen_week", sa.Text(), nullable=False),
        sa.Column("last_seen_week", sa.Text(), nullable=False),
        sa.Column("ended_week", sa.Text(), nullable=True),
        sa.Column("withheld", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("shop_pseudonym", name=op.f("pk_shops")),
    )
    op.create_table(
        "presence",
        sa.Column("group_pseudonym", sa.Text(), nullable=False, autoincrement=False),
        sa.Column("marketplace", sa.Text(), nullable=False, autoincrement=False),
        sa.Column("valid_from_week", sa.Text(), nullable=False, autoincrement=False),
        sa.Column("valid_to_week", sa.Text(), nullable=True),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("evidence_grade", sa.Text(), nullable=False),
        sa.Column("probability_band", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("group_pseudonym", "marketplace", "valid_from_week", name=op.f("pk_presence")),
    )
    certified = sa.text("valid_to_week IS NULL AND (has_pirt OR has_halal)")
    op.create_index(
        "ix_businesses_certified",
        "businesses",
        ["area_code", "group_pseudonym"],
        sqlite_where=certified,
        postgresql_where=certified,
    )
    now = sa.text("valid_to_week IS NULL")
    op.create_index(
        "ix_presence_now",
        "presence",
        ["state", "group_pseudonym", "marketplace"],
        sqlite_where=now,
        postgresql_where=now,
    )
    op.create_table(
        "judgements",
        sa.Column("judgement_pseudonym", sa.Text(), nullable=False, autoincrement=False),
        sa.Column("group_pseudonym", sa.Text(), nullable=False),
        sa.Column("shop_pseudonym", sa.Text(), nullable=False),
        sa.Column("marketplace", sa.Text(), nullable=False),
        sa.Column("draw_id", sa.Text(), nullable=False),
        sa.Column("purpose", sa.Text(), nullable=False),
        sa.Column("coder", sa.Text(), nullable=False),
        sa.Column("inclusion_prob", sa.Float(), nullable=True),
        sa.Column("follow_up_prob", sa.Float(), nullable=True),
        sa.Column("stratum_at_draw", sa.Text(), nullable=True),
        sa.Column("score_at_draw", sa.Float(), nullable=True),
        sa.Column("model_version", sa.Text(), nullable=False),
        sa.Column("answer", sa.Text(), nullable=False),
        sa.Column("is_undone", sa.Boolean(), nullable=False),
        sa.Column("week", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("judgement_pseudonym", name=op.f("pk_judgements")),
    )
    op.create_index("ix_judgements_week", "judgements", ["week", "purpose"])
    op.create_table(
        "link_history",
        sa.Column("group_pseudonym", sa.Text(), nullable=False, autoincrement=False),
        sa.Column("shop_pseudonym", sa.Text(), nullable=False, autoincrement=False),
        sa.Column("valid_from_week", sa.Text(), nullable=False, autoincrement=False),
        sa.Column("known_from_week", sa.Text(), nullable=False, autoincrement=False),
        sa.Column("valid_to_week", sa.Text(), nullable=True),
        sa.Column("known_to_week", sa.Text(), nullable=True),
        sa.Column("marketplace", sa.Text(), nullable=False),
        sa.Column("decision", sa.Text(), nullable=False),
        sa.Column("model_version", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint(
            "group_pseudonym", "shop_pseudonym", "valid_from_week", "known_from_week", name=op.f("pk_link_history")
        ),
    )
    op.create_index("ix_link_history_shop_pseudonym", "link_history", ["shop_pseudonym"])
