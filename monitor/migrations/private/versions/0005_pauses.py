"""Pauses of marketplaces; what the outcome of a run can be

Revision: 0005, after 0004
"""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "pauses",
        sa.Column("marketplace", sa.Text(), nullable=False, comment="slug"),
        sa.Column("until", sa.Text(), nullable=False, comment="ISO date; first day on which it is crawled again"),
        sa.Column("reason", sa.Text(), nullable=False, comment="why, as the person wrote it"),
        sa.Column("who", sa.Text(), nullable=False, comment="account that ran the command"),
        sa.Column("at", sa.Text(), nullable=False, comment="UTC time"),
        sa.PrimaryKeyConstraint("marketplace", name="pk_pauses"),
        comment="Marketplaces that are not crawled for a while.",
    )
    op.create_index("ix_runs_started_at", "runs", ["started_at"])
    if op.get_bind().dialect.name == "postgresql":
        comment = "asked, begun, running, done, failed, abandoned"
        op.alter_column("runs", "outcome", existing_type=sa.Text(), existing_nullable=False, comment=comment)
