"""Panel, known answers, undone judgements, suppressions; more about probes and figures

Revision: 0003, after 0002
"""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "panel_runs",
        sa.Column(
            "marketplace",
            sa.Text(),
            autoincrement=False,
            nullable=False,
            comment="slug of the marketplace in the catalogue",
        ),
        sa.Column("week", sa.Text(), autoincrement=False, nullable=False, comment="ISO week"),
        sa.Column("query", sa.Text(), autoincrement=False, nullable=False, comment="query of the fixed panel"),
        sa.Column("done", sa.Boolean(), nullable=False, comment="was it read to its end"),
        sa.Column("capped", sa.Boolean(), nullable=False, comment="did the site cut it off before its end"),
        sa.Column(
            "declared", sa.Integer(), nullable=True, comment="results the site said it has; NULL: it does not say"
        ),
        sa.Column("fetched", sa.Integer(), nullable=False, comment="shops it showed"),
        sa.PrimaryKeyConstraint("marketplace", "week", "query", name=op.f("pk_panel_runs")),
        comment="What became of each query of the fixed panel in a loaded week; two weeks compare where both were done.",
    )
    op.create_table(
        "panel_shops",
        sa.Column(
            "marketplace",
            sa.Text(),
            autoincrement=False,
            nullable=False,
            comment="slug of the marketplace in the catalogue",
        ),
        sa.Column("query", sa.Text(), autoincrement=False, nullable=False, comment="query of the fixed panel"),
        sa.Column(
            "shop_id",
            sa.Text(),
            autoincrement=False,
            nullable=False,
            comment="the marketplace's own id of the shop, as text",
        ),
        sa.Column(
            "valid_from_week",
            sa.Text(),
            autoincrement=False,
            nullable=False,
            comment="first ISO week in which the row holds",
        ),
        sa.Column(
            "valid_to_week",
            sa.Text(),
            nullable=True,
            comment="first ISO week in which it no longer holds; NULL: still holds",
        ),
        sa.Column(
            "digest",
            sa.Text(),
            nullable=False,
            comment="hash over the row's meaning; the same digest continues the interval",
        ),
        sa.PrimaryKeyConstraint("marketplace", "query", "shop_id", "valid_from_week", name=op.f("pk_panel_shops")),
        comment="Shops that a query of the fixed panel showed, as intervals of the weeks in which it was done.",
    )
    with op.batch_alter_table("panel_shops", schema=None) as batch_op:
        batch_op.create_index("ix_panel_shops_week", ["marketplace", "valid_from_week", "valid_to_week"], unique=False)

    op.create_table(
        "suppressions",
        sa.Column("week", sa.Text(), autoincrement=False, nullable=False, comment="ISO week"),
        sa.Column(
            "table_id",
            sa.Text(),
            autoincrement=False,
            nullable=False,
            comment="public table: its estimand and the kinds of domain it crosses",
        ),
        sa.Column(
            "cell",
            sa.Text(),
            autoincrement=False,
            nullable=False,
            comment="domain code of the cell, codes of crossed domains joined by a slash",
        ),
        sa.Column("reason", sa.Text(), nullable=False, comment="few (primary), secondary or frozen"),
        sa.Column("pattern_id", sa.Text(), nullable=False, comment="pattern it belongs to, frozen for 13 weeks"),
        sa.PrimaryKeyConstraint("week", "table_id", "cell", name=op.f("pk_suppressions")),
        comment="Cells of public tables that are not shown; the internal figures stay in estimates.",
    )
    op.create_table(
        "undone_judgements",
        sa.Column(
            "judgement_id",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            autoincrement=False,
            nullable=False,
            comment="judgement that no longer counts",
        ),
        sa.Column("at", sa.Text(), nullable=False, comment="UTC time"),
        sa.Column("who", sa.Text(), nullable=False, comment="account that ran the command"),
        sa.Column("reason", sa.Text(), nullable=False, comment="why"),
        sa.Column(
            "effect",
            sa.JSON(none_as_null=True),
            nullable=True,
            comment="figure -> value before and after, province level",
        ),
        sa.PrimaryKeyConstraint("judgement_id", name=op.f("pk_undone_judgements")),
        comment="Judgements that were taken back; they stay in judgements and are no longer used.",
    )
    with op.batch_alter_table("cohorts", schema=None) as batch_op:
        batch_op.add_column(
            sa.Column(
                "kind",
                sa.Text(),
                nullable=True,
                comment="training (participants of a programme) or list (certificate holders, suppliers, curated)",
            )
        )

    with op.batch_alter_table("estimates", schema=None) as batch_op:
        batch_op.add_column(
            sa.Column(
                "details",
                sa.JSON(none_as_null=True),
                nullable=True,
                comment="what it was made of: strata, judgements, probes, coverage, bands; counts only",
            )
        )

    with op.batch_alter_table("probes", schema=None) as batch_op:
        batch_op.add_column(
            sa.Column(
                "cohort",
                sa.Text(),
                nullable=True,
                comment="programme whose own form brought it; left out of that programme's coverage",
            )
        )
        batch_op.add_column(
            sa.Column("office", sa.Text(), nullable=True, comment="kode of the office that handed it in")
        )
        batch_op.add_column(sa.Column("business_name", sa.Text(), nullable=True, comment="as written"))
        batch_op.add_column(sa.Column("owner_name", sa.Text(), nullable=True, comment="as written"))
        batch_op.add_column(sa.Column("area_code", sa.Text(), nullable=True, comment="kab/kota as written, 4 digits"))
        batch_op.add_column(
            sa.Column("district_code", sa.Text(), nullable=True, comment="kecamatan as written, 6 digits")
        )
        batch_op.add_column(
            sa.Column("row_number", sa.Integer(), nullable=True, comment="row of the file, 1 = first line")
        )
        batch_op.add_column(sa.Column("imported_at", sa.Text(), nullable=True, comment="UTC time"))

    with op.batch_alter_table("review_tasks", schema=None) as batch_op:
        batch_op.add_column(
            sa.Column(
                "known_answer",
                sa.Text(),
                nullable=True,
                comment="answer known beforehand, seed tasks only; never shown",
            )
        )
        batch_op.add_column(
            sa.Column(
                "follow_up_prob",
                sa.Float(),
                nullable=True,
                comment="chance with which the task of a silent office was passed on; NULL: not passed on",
            )
        )
