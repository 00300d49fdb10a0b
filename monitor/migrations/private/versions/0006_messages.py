"""What ops were told

Revision: 0006, after 0005
"""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "messages",
        sa.Column("message_id", ID, autoincrement=True, nullable=False, comment="counts up"),
        sa.Column("at", sa.Text(), nullable=False, comment="UTC time"),
        sa.Column("kind", sa.Text(), nullable=False, comment="told (a cause), over (a cause that is gone) or daily"),
        sa.Column("cause", sa.Text(), nullable=False, comment="name of the cause; empty for daily"),
        sa.Column("week", sa.Text(), nullable=False, comment="ISO week in which it was said"),
        sa.PrimaryKeyConstraint("message_id", name="pk_messages"),
        comment="What ops were told, so that each cause is said once a week.",
    )
    op.create_index("ix_messages_at", "messages", ["at"])
