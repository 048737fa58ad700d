"""What a hub is told when it starts."""

from pathlib import Path
from typing import Annotated, Self

from pydantic import BaseModel, ConfigDict, Field

from gate.lines.mqtt import Login


class S3Settings(BaseModel):
    """A bucket of a store that speaks S3. endpoint: host[:port]; secure: by HTTPS."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    endpoint: str
    bucket: str
    access_key: str
    secret_key: str
    secure: bool = True
    region: str = "us-east-1"


class HubSettings(BaseModel):
    """Settings of one hub.

    database_url: SQLAlchemy's asyncio address; empty keeps SQLite in `data_dir`.
    apprise_urls: channels set up from outside; more are set up on the pages.
    public_url: the address phones use, for links in messages.
    live_hosts: hosts the hub may fetch live pictures from when a site names its own address.
    broker: login of the MQTT broker sites may send by.
    s3: where evidence files lie instead of `data_dir`.
    secure_cookies: cookies only over HTTPS; switched on by an https public_url.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")
    data_dir: Path
    database_url: str = ""
    apprise_urls: tuple[str, ...] = ()
    public_url: str = "http://127.0.0.1:8430"
    live_hosts: tuple[str, ...] = ("127.0.0.1", "localhost", "::1")
    broker: Login | None = None
    s3: S3Settings | None = None
    timezone: str = "Asia/Shanghai"
    session_hours: Annotated[float, Field(gt=0)] = 12
    silence_s: Annotated[float, Field(gt=0)] = 30
    retention_days: Annotated[int, Field(ge=1)] = 730
    max_body_bytes: Annotated[int, Field(ge=1024)] = 8 * 1024 * 1024
    max_file_bytes: Annotated[int, Field(ge=1024)] = 2 * 1024 * 1024 * 1024

    @property
    def database(self) -> str:
        return self.database_url or f"sqlite+aiosqlite:///{self.data_dir / 'hub.db'}"

    @property
    def secure_cookies(self) -> bool:
        return self.public_url.startswith("https://")

    @property
    def files_dir(self) -> Path:
        return self.data_dir / "files"

    def prepared(self) -> Self:
        """The same settings, once the data directory exists and only its owner may enter it."""
        self.data_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
        self.files_dir.mkdir(exist_ok=True, mode=0o700)
        return self
