"""Businesses outside the province are kept and not counted

Revision: 0002, after 0001
"""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column(
        "business_versions",
        sa.Column(
            "is_outside",
            sa.Boolean(),
            nullable=True,
            comment="true: the list places it outside the province; kept, neither counted nor matched",
        ),
    )
