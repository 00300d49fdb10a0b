"""Draws of the headline, recipients, erased identities, purges; an access log that cannot be changed

Revision: 0004, after 0003
"""

from typing import Any

import sqlalchemy as sa
from alembic import op

from monitor.migrations.append_only import make_append_only

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
JSON = sa.JSON(none_as_null=True)
SCORE = "score of the pair at the draw, 0 to 1; NULL: seed tasks"
# Only PostgreSQL keeps comments: (table, column, comment).
COMMENTS = (
    (
        "estimates",
        "value",
        "groups; share 0 to 1 for E2, E9 and E4 (E4: of the detected groups); NULL: not said",
    ),
    ("review_tasks", "score_at_draw", SCORE),
    ("judgements", "score_at_draw", SCORE),
    ("review_tasks", "coder", "first, second (drawn twice), check (against the score) or third (settles)"),
)


def _key(name: str, kind: sa.types.TypeEngine[Any], comment: str) -> sa.Column[Any]:
    return sa.Column(name, kind, autoincrement=False, nullable=False, comment=comment)


def _need(name: str, kind: sa.types.TypeEngine[Any], comment: str) -> sa.Column[Any]:
    return sa.Column(name, kind, nullable=False, comment=comment)


def _may(name: str, kind: sa.types.TypeEngine[Any], comment: str) -> sa.Column[Any]:
    return sa.Column(name, kind, nullable=True, comment=comment)


def upgrade() -> None:
    _draws()
    _recipients()
    _erasures()
    _purges()
    only = "true: its person was erased, only what counts need is left; NULL: no"
    op.add_column("businesses", _may("is_erased", sa.Boolean(), only))
    made_up = "true: its seller was erased and shop_id is a made-up one; NULL: no"
    op.add_column("shops", _may("is_erased", sa.Boolean(), made_up))
    if op.get_bind().dialect.name == "postgresql":
        for table, column, comment in COMMENTS:
            kind = sa.Text() if column == "coder" else sa.Float()
            op.alter_column(table, column, existing_type=kind, comment=comment)
        log = "Access to named exports; append-only: triggers refuse every change, and deletion before five years."
        op.create_table_comment("access_log", log)
    make_append_only(op.get_bind(), "access_log", "access_id", "at")


def _draws() -> None:
    op.create_table(
        "estimate_draws",
        _key("estimand", sa.Text(), "as in estimates; kept for E1 of the province"),
        _key("domain_kind", sa.Text(), "as in estimates"),
        _key("domain_code", sa.Text(), "as in estimates"),
        _key("week", sa.Text(), "ISO week"),
        _key("vintage", sa.Text(), "flash, final or benchmark"),
        _key("revision", sa.Integer(), "revision of the figure that the draws belong to"),
        _need(
            "values",
            sa.LargeBinary(),
            "draws one after another, each 8 bytes: IEEE 754 double, little endian; groups",
        ),
        sa.PrimaryKeyConstraint(
            "estimand", "domain_kind", "domain_code", "week", "vintage", "revision", name=op.f("pk_estimate_draws")
        ),
        comment="Draws behind the headline, so that others can carry its uncertainty on.",
    )


def _recipients() -> None:
    op.create_table(
        "recipients",
        _key("recipient", sa.Text(), "label in release ids and file names; never a person's name"),
        _may("holder_hash", sa.Text(), "keyed hash of the name in the agreement; NULL: the database itself"),
        _need("purpose", sa.Text(), "what the agreement allows"),
        _need("key_id", sa.Text(), "names the recipient's pseudonym key without giving it away"),
        _need("agreed_at", sa.Text(), "UTC time"),
        _may(
            "expires_on",
            sa.Text(),
            "ISO date from which the data must be gone and the key is destroyed; NULL: no end",
        ),
        _may("key_destroyed_on", sa.Text(), "ISO date on which purge destroyed the key; NULL: it exists"),
        sa.PrimaryKeyConstraint("recipient", name=op.f("pk_recipients")),
        comment="Who gets research releases; the pseudonym keys lie in files of their own.",
    )
    for column in (
        _may("recipient", sa.Text(), "recipient of a research release; NULL: public"),
        _may("key_id", sa.Text(), "pseudonym key in use; NULL: public"),
        _may("expires_on", sa.Text(), "ISO date from which a recipient may not keep it; NULL: no end"),
        _may("previous_id", sa.Text(), "release it is compared with; NULL: the first of its kind"),
        sa.Column(
            "content_digest",
            sa.Text(),
            nullable=False,
            server_default="",
            comment="hash over the meaning of all rows; equal content writes no release; '': unknown",
        ),
        _may("registry_snapshot", sa.Text(), "snapshot of its figures"),
        _may("withdrawn_at", sa.Text(), "UTC time at which its row data were taken back; NULL: they stand"),
    ):
        op.add_column("releases", column)
    _release_links()


def _release_links() -> None:
    op.create_table(
        "release_links",
        _key("release_id", sa.Text(), "research release"),
        _key("marketplace", sa.Text(), "slug of the marketplace in the catalogue"),
        _key("shop_id", sa.Text(), "the marketplace's own id of the shop, as text"),
        _key("listing_id", sa.Text(), "'' where the whole shop is linked"),
        _key("group_id", ID, "group that runs the shop"),
        _key("valid_from_week", sa.Text(), "first ISO week in which the row holds"),
        _may("valid_to_week", sa.Text(), "first ISO week in which it no longer holds; NULL: still holds"),
        _need("decision", sa.Text(), "link (decided by the system) or confirmed (by a person)"),
        _need("model_version", sa.Text(), "model that decided"),
        sa.PrimaryKeyConstraint(
            "release_id",
            "marketplace",
            "shop_id",
            "listing_id",
            "group_id",
            "valid_from_week",
            name=op.f("pk_release_links"),
        ),
        comment="Links as they were known at each research release.",
    )


def _erasures() -> None:
    op.create_table(
        "erased_identities",
        _key("kind", sa.Text(), "what was hashed, like nib or shop"),
        _key("hash", sa.Text(), "HMAC-SHA-256 under the key of erasures, 32 hex digits"),
        _need("key_id", sa.Text(), "names the key without giving it away"),
        _need("erased_on", sa.Text(), "ISO date"),
        sa.PrimaryKeyConstraint("kind", "hash", name=op.f("pk_erased_identities")),
        comment="Keyed hashes by which an erased person is known when a list or a crawl brings them again.",
    )
    for column in (
        _may("reason", sa.Text(), "request, objection, wrong or order"),
        _may("files", JSON, "folder of the data folder -> files removed or rewritten"),
        _may("finished_at", sa.Text(), "UTC time at which nothing was left to overwrite; NULL: run erase again"),
    ):
        op.add_column("erasures", column)
    if op.get_bind().dialect.name == "postgresql":
        op.alter_column("erasures", "tables", existing_type=JSON, comment="table -> rows removed or emptied")


def _purges() -> None:
    op.create_table(
        "purges",
        sa.Column("purge_id", ID, autoincrement=True, nullable=False, comment="counts up"),
        _need("at", sa.Text(), "UTC time"),
        _need("subject", sa.Text(), "table or folder, as in the table of retention"),
        _need("before", sa.Text(), "ISO date; what is older was removed"),
        _need("removed", sa.Integer(), "rows or files removed"),
        sa.PrimaryKeyConstraint("purge_id", name=op.f("pk_purges")),
        comment="What was removed because its time was over.",
    )
