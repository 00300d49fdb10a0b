"""Cells of public tables that are not shown

Revision: 0002, after 0001
"""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "suppressions",
        sa.Column(
            "week",
            sa.Text(),
            autoincrement=False,
            nullable=False,
            comment="reference week, like 2026-W47. Unit: ISO week of the region's zone. Source: measure.",
        ),
        sa.Column(
            "table_id",
            sa.Text(),
            autoincrement=False,
            nullable=False,
            comment="public table: its estimand and the kinds of domain it crosses. Unit: none. Source: measure.",
        ),
        sa.Column(
            "cell",
            sa.Text(),
            autoincrement=False,
            nullable=False,
            comment="domain code of the cell, codes of crossed domains joined by a slash. Unit: none. Source: measure.",
        ),
        sa.Column(
            "reason",
            sa.Text(),
            nullable=False,
            comment="few (primary), secondary or frozen. Unit: none. Source: measure.",
        ),
        sa.Column(
            "pattern_id",
            sa.Text(),
            nullable=False,
            comment="pattern it belongs to, frozen for 13 weeks. Unit: none. Source: measure.",
        ),
        sa.PrimaryKeyConstraint("week", "table_id", "cell", name=op.f("pk_suppressions")),
        comment="Cells of public tables that are not shown.",
    )
