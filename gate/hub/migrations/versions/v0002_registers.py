"""Plans, registers, rosters, and the routes every hub begins with."""

import sqlalchemy as sa
from alembic import op

revision = "v0002"
down_revision = "v0001"
branch_labels = None
depends_on = None

_WHOLE = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
# product.md, "Grades of alert": who hears of what, and who is next when nobody acknowledges.
_ROUTES = (
    ("role:duty_officer", 2, 0),
    ("role:county", 3, 0),
    ("role:city", 4, 0),
    ("role:county", 2, 1),
    ("role:city", 3, 1),
)


def _text(name: str, length: int | None = None, default: str = "") -> sa.Column[str]:
    kind = sa.String(length=length) if length else sa.Text()
    return sa.Column(name, kind, nullable=False, server_default=default)


def upgrade() -> None:
    with op.batch_alter_table("sites") as table:
        table.add_column(_text("plan"))
    with op.batch_alter_table("passages") as table:
        table.add_column(_text("ticket_state", 16))
    with op.batch_alter_table("users") as table:
        table.add_column(sa.Column("totp_step", _WHOLE, nullable=False, server_default="0"))
    op.create_index("ix_alerts_storm", "alerts", ["site", "rule", "received_ms"])
    _registers()
    op.create_table(
        "shifts",
        sa.Column("id", _WHOLE, autoincrement=True, nullable=False),
        sa.Column("user_id", _WHOLE, nullable=False),
        sa.Column("start_ms", _WHOLE, nullable=False),
        sa.Column("end_ms", _WHOLE, nullable=False),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_shifts_user_id", "shifts", ["user_id"])
    op.create_index("ix_shifts_end_ms", "shifts", ["end_ms"])
    _first_routes()


def _registers() -> None:
    op.create_table(
        "tickets",
        sa.Column("site", sa.String(length=64), nullable=False),
        sa.Column("id", sa.String(length=128), nullable=False),
        sa.Column("plate", sa.String(length=32), nullable=False),
        sa.Column("mine", sa.String(length=64), nullable=False),
        sa.Column("product", sa.String(length=64), nullable=False),
        sa.Column("buyer", sa.String(length=64), nullable=False),
        *(sa.Column(name, _WHOLE, nullable=False) for name in ("kg", "issued_ms", "from_ms", "until_ms")),
        sa.Column("void_ms", _WHOLE, nullable=True),
        sa.Column("void_reason", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("site", "id"),
    )
    op.create_index("ix_tickets_plate", "tickets", ["plate"])
    op.create_index("ix_tickets_site_issued", "tickets", ["site", "issued_ms"])
    op.create_table(
        "registered_vehicles",
        sa.Column("site", sa.String(length=64), nullable=False),
        sa.Column("plate", sa.String(length=32), nullable=False),
        sa.Column("kind", sa.String(length=32), nullable=False),
        sa.Column("owner", sa.Text(), nullable=False),
        sa.Column("tare_kg", sa.Double(), nullable=True),
        sa.Column("tare_date", sa.String(length=32), nullable=False),
        sa.Column("axles", _WHOLE, nullable=True),
        sa.Column("colour", sa.String(length=16), nullable=False),
        sa.Column("products", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("site", "plate"),
    )


def _first_routes() -> None:
    """Only where nobody has set up any."""
    routes = sa.table(
        "routes",
        *(sa.column(name) for name in ("target", "min_severity", "level", "enabled")),
        *(sa.column(name, sa.JSON()) for name in ("duty", "quiet")),
    )
    connection = op.get_bind()
    if connection.execute(sa.select(sa.func.count()).select_from(routes)).scalar_one():
        return
    rows = [
        {"target": target, "min_severity": grade, "level": level, "enabled": True, "duty": [], "quiet": []}
        for target, grade, level in _ROUTES
    ]
    op.bulk_insert(routes, rows)


def downgrade() -> None:
    for name in ("shifts", "registered_vehicles", "tickets"):
        op.drop_table(name)
    op.drop_index("ix_alerts_storm", "alerts")
    for table_name, column in (("users", "totp_step"), ("passages", "ticket_state"), ("sites", "plan")):
        with op.batch_alter_table(table_name) as table:
            table.drop_column(column)
