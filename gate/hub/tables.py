"""The hub's tables. Times are UTC milliseconds; documents are canonical JSON text."""

from sqlalchemy import JSON, BigInteger, ForeignKey, Index, Integer, String, Text, UniqueConstraint
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column


class Base(DeclarativeBase):
    type_annotation_map = {  # noqa: RUF012 - read once by SQLAlchemy
        int: BigInteger().with_variant(Integer, "sqlite"),  # SQLite numbers rows by INTEGER only
        str: Text,
    }


class Site(Base):
    """One gate. token_hash: SHA-256 of its device token. state: the last heartbeat's body.

    mine: the mine it belongs to, as it told.
    plan: its cameras and shapes as its site file has them (gate.uplink.plan), JSON text, "" until it has told.
    """

    __tablename__ = "sites"
    id: Mapped[str] = mapped_column(String(64), primary_key=True)
    name_zh: Mapped[str] = mapped_column(default="")
    name_en: Mapped[str] = mapped_column(default="")
    api_url: Mapped[str] = mapped_column(default="")
    token_hash: Mapped[str] = mapped_column(String(64), index=True)
    created_ms: Mapped[int]
    last_seen_ms: Mapped[int | None]
    state: Mapped[dict[str, object]] = mapped_column(JSON, default=dict)
    plan: Mapped[str] = mapped_column(default="", server_default="")
    mine: Mapped[str] = mapped_column(String(200), default="", server_default="")
    disabled: Mapped[bool] = mapped_column(default=False)


class Stream(Base):
    """One outbox of a site. contiguous: every number up to it has arrived; highest: the greatest seen."""

    __tablename__ = "streams"
    site: Mapped[str] = mapped_column(String(64), primary_key=True)
    stream: Mapped[str] = mapped_column(String(64), primary_key=True)
    contiguous: Mapped[int] = mapped_column(default=0)
    highest: Mapped[int] = mapped_column(default=0)
    opened_ms: Mapped[int]


class Message(Base):
    """One message as it arrived. id is NULL when `repeats` names the message it repeats."""

    __tablename__ = "messages"
    __table_args__ = (UniqueConstraint("site", "id", name="uq_messages_site_id"),)
    site: Mapped[str] = mapped_column(String(64), primary_key=True)
    stream: Mapped[str] = mapped_column(String(64), primary_key=True)
    seq: Mapped[int] = mapped_column(primary_key=True)
    id: Mapped[str | None]
    repeats: Mapped[str | None]
    kind: Mapped[str] = mapped_column(String(16))
    received_ms: Mapped[int]
    rejected: Mapped[str | None]


class Passage(Base):
    """A vehicle's visit, with what it is searched by beside the whole record in `body`."""

    __tablename__ = "passages"
    __table_args__ = (Index("ix_passages_site_start", "site", "start_ms"),)
    id: Mapped[str] = mapped_column(String(128), primary_key=True)
    site: Mapped[str] = mapped_column(String(64))
    start_ms: Mapped[int] = mapped_column(index=True)
    end_ms: Mapped[int]
    kind: Mapped[str] = mapped_column(String(16))
    plate: Mapped[str] = mapped_column(String(32), default="")
    colour: Mapped[str] = mapped_column(String(16), default="")
    weight_kg: Mapped[float | None]
    ticket: Mapped[str] = mapped_column(String(128), default="", index=True)
    ticket_state: Mapped[str] = mapped_column(String(16), default="", server_default="")
    product: Mapped[str] = mapped_column(String(64), default="")
    closed: Mapped[bool] = mapped_column(default=False)
    locked: Mapped[bool] = mapped_column(default=False)
    stream: Mapped[str] = mapped_column(String(64), default="")
    seq: Mapped[int] = mapped_column(default=0)
    received_ms: Mapped[int]
    body: Mapped[str]


class PassagePlate(Base):
    """Every plate read in a passage, for search."""

    __tablename__ = "passage_plates"
    passage: Mapped[str] = mapped_column(ForeignKey("passages.id", ondelete="CASCADE"), primary_key=True)
    text: Mapped[str] = mapped_column(String(32), primary_key=True, index=True)


class Alert(Base):
    """A finding as people work on it.

    id: digest of site, finding and occurrence. state: the rule's word (raised, upgraded, withdrawn).
    status: the people's word (open, acknowledged, disposed, closed). level: how often it has climbed.
    due_ms: when it climbs next, NULL once acknowledged. storm: id of the alert it is grouped under.
    """

    __tablename__ = "alerts"
    __table_args__ = (
        UniqueConstraint("site", "finding", "occurrence", name="uq_alerts_finding"),
        Index("ix_alerts_site_t", "site", "t_ms"),
        Index("ix_alerts_storm", "site", "rule", "received_ms"),
    )
    id: Mapped[str] = mapped_column(String(40), primary_key=True)
    site: Mapped[str] = mapped_column(String(64))
    finding: Mapped[str] = mapped_column(String(256))
    occurrence: Mapped[int] = mapped_column(default=1)
    rule: Mapped[str] = mapped_column(String(64), index=True)
    severity: Mapped[int]
    t_ms: Mapped[int] = mapped_column(index=True)
    received_ms: Mapped[int]
    updated_ms: Mapped[int]
    state: Mapped[str] = mapped_column(String(16))
    status: Mapped[str] = mapped_column(String(16), default="open", index=True)
    passage: Mapped[str | None] = mapped_column(String(128), index=True)
    plate: Mapped[str] = mapped_column(String(32), default="", index=True)
    zh: Mapped[str]
    en: Mapped[str]
    confidence: Mapped[float]
    level: Mapped[int] = mapped_column(default=0)
    due_ms: Mapped[int | None] = mapped_column(index=True)
    storm: Mapped[str | None] = mapped_column(String(40))
    silenced: Mapped[bool] = mapped_column(default=False)
    stream: Mapped[str] = mapped_column(String(64), default="")
    seq: Mapped[int] = mapped_column(default=0)
    body: Mapped[str]


class Ticket(Base):
    """A lift ticket a site's register holds. void_ms: from when it is void. What used it is found among passages."""

    __tablename__ = "tickets"
    __table_args__ = (Index("ix_tickets_site_issued", "site", "issued_ms"),)
    site: Mapped[str] = mapped_column(String(64), primary_key=True)
    id: Mapped[str] = mapped_column(String(128), primary_key=True)
    plate: Mapped[str] = mapped_column(String(32), default="", index=True)
    mine: Mapped[str] = mapped_column(String(64), default="")
    product: Mapped[str] = mapped_column(String(64), default="")
    buyer: Mapped[str] = mapped_column(String(64), default="")
    kg: Mapped[int] = mapped_column(default=0)
    issued_ms: Mapped[int] = mapped_column(default=0)
    from_ms: Mapped[int] = mapped_column(default=0)
    until_ms: Mapped[int] = mapped_column(default=0)
    void_ms: Mapped[int | None]
    void_reason: Mapped[str] = mapped_column(default="")


class RegisteredVehicle(Base):
    """A vehicle of a site's register, as the site has it now."""

    __tablename__ = "registered_vehicles"
    site: Mapped[str] = mapped_column(String(64), primary_key=True)
    plate: Mapped[str] = mapped_column(String(32), primary_key=True)
    kind: Mapped[str] = mapped_column(String(32), default="")
    owner: Mapped[str] = mapped_column(default="")
    tare_kg: Mapped[float | None]
    tare_date: Mapped[str] = mapped_column(String(32), default="")
    axles: Mapped[int | None]
    colour: Mapped[str] = mapped_column(String(16), default="")
    products: Mapped[list[str]] = mapped_column(JSON, default=list)


class AlertAction(Base):
    """One thing done about an alert. client_id: the phone's own id of it, so that it counts once."""

    __tablename__ = "alert_actions"
    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=True)
    alert: Mapped[str] = mapped_column(ForeignKey("alerts.id", ondelete="CASCADE"), index=True)
    t_ms: Mapped[int]
    user_id: Mapped[int | None]
    user_name: Mapped[str] = mapped_column(default="")
    role: Mapped[str] = mapped_column(String(32), default="")
    kind: Mapped[str] = mapped_column(String(16))
    disposition: Mapped[str] = mapped_column(String(16), default="")
    reason: Mapped[str] = mapped_column(default="")
    client_id: Mapped[str | None] = mapped_column(String(64), unique=True)


class Order(Base):
    """What somebody ordered a site's barrier to do. state: waiting, taken, done, failed, refused (gate.hub.orders)."""

    __tablename__ = "orders"
    __table_args__ = (Index("ix_orders_site", "site", "created_ms"),)
    id: Mapped[str] = mapped_column(String(64), primary_key=True)
    site: Mapped[str] = mapped_column(String(64))
    barrier: Mapped[str] = mapped_column(String(64))
    command: Mapped[str] = mapped_column(String(16))
    reason: Mapped[str]
    user_id: Mapped[int]
    user_name: Mapped[str]
    role: Mapped[str] = mapped_column(String(32))
    created_ms: Mapped[int]
    expires_ms: Mapped[int]
    client_id: Mapped[str] = mapped_column(String(64), unique=True)
    state: Mapped[str] = mapped_column(String(16))
    detail: Mapped[str]
    answered_ms: Mapped[int | None]


class DeviceEvent(Base):
    """A change of a device's condition, as its site told it."""

    __tablename__ = "device_events"
    __table_args__ = (Index("ix_device_events", "site", "device", "t_ms"),)
    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=True)
    site: Mapped[str] = mapped_column(String(64))
    device: Mapped[str] = mapped_column(String(64))
    t_ms: Mapped[int]
    state: Mapped[str] = mapped_column(String(32))
    detail: Mapped[str] = mapped_column(default="")
    numbers: Mapped[dict[str, float]] = mapped_column(JSON, default=dict)


class File(Base):
    """An evidence file on its way or arrived. size: bytes it will have; received: bytes that are here."""

    __tablename__ = "files"
    __table_args__ = (UniqueConstraint("site", "owner", "name", name="uq_files"),)
    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=True)
    site: Mapped[str] = mapped_column(String(64))
    owner: Mapped[str] = mapped_column(String(256), index=True)
    name: Mapped[str] = mapped_column(String(128))
    media_type: Mapped[str] = mapped_column(String(64))
    size: Mapped[int]
    received: Mapped[int] = mapped_column(default=0)
    sha256: Mapped[str] = mapped_column(String(64))
    complete: Mapped[bool] = mapped_column(default=False)
    created_ms: Mapped[int]


class User(Base):
    """A person. sites: those they may see, NULL for all. totp: the shared secret once they switched it on.

    totp_step: the last step a code was taken of; no code is taken twice.
    """

    __tablename__ = "users"
    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=True)
    name: Mapped[str] = mapped_column(String(64), unique=True)
    shown_name: Mapped[str] = mapped_column(default="")
    role: Mapped[str] = mapped_column(String(32))
    sites: Mapped[list[str] | None] = mapped_column(JSON(none_as_null=True))
    password: Mapped[str | None]
    totp: Mapped[str | None]
    totp_step: Mapped[int] = mapped_column(default=0, server_default="0")
    failures: Mapped[int] = mapped_column(default=0)
    locked_until_ms: Mapped[int] = mapped_column(default=0)
    disabled: Mapped[bool] = mapped_column(default=False)
    created_ms: Mapped[int]


class Session(Base):
    """A signed-in browser, kept by the hash of its cookie."""

    __tablename__ = "sessions"
    token_hash: Mapped[str] = mapped_column(String(64), primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), index=True)
    csrf: Mapped[str] = mapped_column(String(64))
    created_ms: Mapped[int]
    expires_ms: Mapped[int]
    agent: Mapped[str] = mapped_column(default="")


class Link(Base):
    """A link that signs its bearer in, `uses_left` times."""

    __tablename__ = "links"
    token_hash: Mapped[str] = mapped_column(String(64), primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"))
    expires_ms: Mapped[int]
    uses_left: Mapped[int] = mapped_column(default=1)


class Audit(Base):
    """Every look, export and change, and who it was."""

    __tablename__ = "audit"
    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=True)
    t_ms: Mapped[int] = mapped_column(index=True)
    user_id: Mapped[int | None]
    user_name: Mapped[str] = mapped_column(default="")
    address: Mapped[str] = mapped_column(String(64), default="")
    action: Mapped[str] = mapped_column(String(64), index=True)
    target: Mapped[str] = mapped_column(default="")
    detail: Mapped[str] = mapped_column(default="")


class Channel(Base):
    """A way to reach people. kind: apprise, webhook. address: the channel's secret address."""

    __tablename__ = "channels"
    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=True)
    name: Mapped[str] = mapped_column(String(64), unique=True)
    kind: Mapped[str] = mapped_column(String(16))
    address: Mapped[str]
    secret: Mapped[str] = mapped_column(default="")
    per_minute: Mapped[int] = mapped_column(default=20)
    enabled: Mapped[bool] = mapped_column(default=True)


class Route(Base):
    """Which alerts go where. NULL site or rule: any. level: escalations needed before it takes part.

    duty: [{"days": [0..6], "from": "08:00", "to": "20:00"}], local time, empty for always.
    quiet: the same form; grades under 4 wait until it ends.
    target: "channel:<id>", "user:<id>" or "role:<name>" (their phones).
    """

    __tablename__ = "routes"
    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=True)
    target: Mapped[str] = mapped_column(String(64))
    site: Mapped[str | None] = mapped_column(String(64))
    rule: Mapped[str | None] = mapped_column(String(64))
    min_severity: Mapped[int] = mapped_column(default=1)
    level: Mapped[int] = mapped_column(default=0)
    duty: Mapped[list[dict[str, object]]] = mapped_column(JSON, default=list)
    quiet: Mapped[list[dict[str, object]]] = mapped_column(JSON, default=list)
    enabled: Mapped[bool] = mapped_column(default=True)


class Shift(Base):
    """A person is on duty from start to end. Who stands on the roster is told before others of the same role."""

    __tablename__ = "shifts"
    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), index=True)
    start_ms: Mapped[int]
    end_ms: Mapped[int] = mapped_column(index=True)


class Silence(Base):
    """Alerts of a site, rule or plate are kept from channels until `until_ms`."""

    __tablename__ = "silences"
    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=True)
    site: Mapped[str | None] = mapped_column(String(64))
    rule: Mapped[str | None] = mapped_column(String(64))
    plate: Mapped[str | None] = mapped_column(String(32))
    until_ms: Mapped[int] = mapped_column(index=True)
    user_name: Mapped[str] = mapped_column(default="")
    reason: Mapped[str] = mapped_column(default="")
    created_ms: Mapped[int]


class PushSubscription(Base):
    """A phone's or browser's push address, as the Push API gave it."""

    __tablename__ = "push_subscriptions"
    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), index=True)
    endpoint: Mapped[str] = mapped_column(unique=True)
    p256dh: Mapped[str]
    auth: Mapped[str]
    created_ms: Mapped[int]


class Delivery(Base):
    """One alert owed to one target for one cause; the unique key is what makes it be told once.

    target: "channel:<id>", "apprise:<n>" or "push:<subscription>". state: pending, sent, failed.
    cause: "grade:<n>" when raised or upgraded to grade n, "level:<n>" when it climbed.
    """

    __tablename__ = "deliveries"
    __table_args__ = (
        UniqueConstraint("alert", "target", "cause", name="uq_deliveries"),
        Index("ix_deliveries_due", "state", "next_ms"),
    )
    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=True)
    alert: Mapped[str] = mapped_column(ForeignKey("alerts.id", ondelete="CASCADE"))
    target: Mapped[str] = mapped_column(String(64))
    cause: Mapped[str] = mapped_column(String(32))
    state: Mapped[str] = mapped_column(String(16), default="pending")
    attempts: Mapped[int] = mapped_column(default=0)
    next_ms: Mapped[int]
    created_ms: Mapped[int]
    sent_ms: Mapped[int | None]


class DeliveryAttempt(Base):
    """One try at a delivery. digest: how many alerts went in the same message."""

    __tablename__ = "delivery_attempts"
    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=True)
    delivery: Mapped[int] = mapped_column(ForeignKey("deliveries.id", ondelete="CASCADE"), index=True)
    t_ms: Mapped[int]
    ok: Mapped[bool]
    digest: Mapped[int] = mapped_column(default=1)
    detail: Mapped[str] = mapped_column(default="")


class Setting(Base):
    """Values the hub makes for itself, such as its push key."""

    __tablename__ = "settings"
    key: Mapped[str] = mapped_column(String(64), primary_key=True)
    value: Mapped[str]
