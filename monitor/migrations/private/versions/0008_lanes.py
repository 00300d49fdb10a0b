"""Lanes of sites, for crawls by several workers

Revision: 0008, after 0007
"""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "lanes",
        sa.Column("site", sa.Text(), nullable=False, comment="marketplace's slug, or domain of an own shop"),
        sa.Column(
            "next_at",
            sa.Float(),
            nullable=False,
            comment="no request before it; seconds since 1970 by the database's clock",
        ),
        sa.Column(
            "delay_s", sa.Float(), nullable=False, comment="seconds between requests, the slowest that the crawl wants"
        ),
        sa.Column("holder", sa.Text(), nullable=True, comment="process whose request is in flight"),
        sa.Column(
            "held_until", sa.Float(), nullable=False, comment="when that process counts as dead, unless it renews"
        ),
        sa.Column("crawl_id", sa.Text(), nullable=True, comment="crawl of the last request"),
        sa.Column(
            "has_waited",
            sa.Boolean(),
            nullable=False,
            comment="whether that crawl waited as long as the site asked for",
        ),
        sa.Column("closed_in", sa.Text(), nullable=True, comment="crawl that the site refused"),
        sa.PrimaryKeyConstraint("site", name="pk_lanes"),
        comment="Sites as workers of a cluster ask them: one request at a time.",
    )
