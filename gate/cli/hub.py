"""`gatewarden hub`: run the hub, register sites, let the first administrator in."""

import asyncio
import sys
from pathlib import Path
from typing import Annotated
from urllib.parse import urlsplit

import typer

from gate.facts import canonical_json
from gate.hub.backup import backup, restore
from gate.hub.people_book import administrator_link, needs_first_administrator
from gate.hub.serve import quickest_loop, serve
from gate.hub.settings import HubSettings, S3Settings
from gate.hub.sites import add_site
from gate.hub.store import Store
from gate.lines.mqtt import Login

app = typer.Typer(help="The hub alone: alerts, passages and pages for many sites.", invoke_without_command=True)
site_app = typer.Typer(no_args_is_help=True, help="The sites that may send to this hub.")
app.add_typer(site_app, name="site")

Data = Annotated[Path, typer.Option("--data", envvar="GATEWARDEN_HUB_DATA", help="Where the hub keeps its data.")]
Database = Annotated[
    str, typer.Option("--database", envvar="GATEWARDEN_HUB_DATABASE", help="SQLAlchemy address; SQLite when empty.")
]
PublicUrl = Annotated[str, typer.Option("--public-url", envvar="GATEWARDEN_HUB_URL", help="Address phones use.")]
Host = Annotated[str, typer.Option("--host", help="Address to listen on.")]
Port = Annotated[int, typer.Option("--port", min=1, max=65535)]
Apprise = Annotated[
    list[str] | None, typer.Option("--notify", envvar="GATEWARDEN_HUB_NOTIFY", help="apprise address; repeatable.")
]
Mqtt = Annotated[str, typer.Option("--mqtt", envvar="GATEWARDEN_HUB_MQTT", help="mqtts://host[:8883] sites send by.")]
MqttUser = Annotated[str, typer.Option("--mqtt-user", envvar="GATEWARDEN_HUB_MQTT_USER")]
MqttPassword = Annotated[Path | None, typer.Option("--mqtt-password-file", envvar="GATEWARDEN_HUB_MQTT_PASSWORD_FILE")]
MqttCa = Annotated[Path | None, typer.Option("--mqtt-ca", envvar="GATEWARDEN_HUB_MQTT_CA", help="CA of the broker.")]
S3 = Annotated[str, typer.Option("--s3", envvar="GATEWARDEN_HUB_S3", help="https://host[:port]/bucket for evidence.")]
S3Key = Annotated[str, typer.Option("--s3-key", envvar="GATEWARDEN_HUB_S3_KEY")]
S3Secret = Annotated[Path | None, typer.Option("--s3-secret-file", envvar="GATEWARDEN_HUB_S3_SECRET_FILE")]
_DATA = Path("var/hub")


@app.callback()
def run(  # noqa: PLR0917 - typer names its options by parameter
    context: typer.Context,
    data: Data = _DATA,
    database: Database = "",
    public_url: PublicUrl = "",
    host: Host = "127.0.0.1",
    port: Port = 8430,
    notify: Apprise = None,
    mqtt: Mqtt = "",
    mqtt_user: MqttUser = "hub",
    mqtt_password_file: MqttPassword = None,
    mqtt_ca: MqttCa = None,
    s3: S3 = "",
    s3_key: S3Key = "",
    s3_secret_file: S3Secret = None,
) -> None:
    """Run the hub. The first start prints a one-time link for the first administrator."""
    url = public_url or f"http://{host}:{port}"
    settings = HubSettings(
        data_dir=data,
        database_url=database,
        public_url=url.rstrip("/"),
        apprise_urls=tuple(notify or ()),
        broker=Login(mqtt, mqtt_user, _secret(mqtt_password_file), mqtt_ca) if mqtt else None,
        s3=_bucket(s3, s3_key, _secret(s3_secret_file)) if s3 else None,
    )
    context.obj = settings
    if context.invoked_subcommand is None:
        with asyncio.Runner(loop_factory=quickest_loop()) as runner:
            runner.run(_run(settings.prepared(), host, port))


def _secret(path: Path | None) -> str:
    try:
        return path.read_text("utf-8").strip() if path else ""
    except OSError as error:
        raise typer.BadParameter(f"{path}: {error}") from error


def _bucket(url: str, key: str, secret: str) -> S3Settings:
    parts = urlsplit(url)
    bucket = parts.path.strip("/")
    if parts.scheme not in ("http", "https") or not parts.netloc or not bucket or "/" in bucket:
        raise typer.BadParameter(f"{url}: expected https://host[:port]/bucket")
    secure = parts.scheme == "https"
    return S3Settings(endpoint=parts.netloc, bucket=bucket, access_key=key, secret_key=secret, secure=secure)


async def _run(settings: HubSettings, host: str, port: int) -> None:
    store = Store(settings.database)
    await store.open()
    if await needs_first_administrator(store):
        link = await administrator_link(store, settings.public_url)
        sys.stdout.write(f"{link}\n")
        sys.stdout.flush()
        sys.stderr.write("Open this link once, within a day, and set the administrator's password.\n")
    await store.close()
    await serve(settings, host, port)


@app.command("link")
def link(context: typer.Context, name: Annotated[str, typer.Option(help="Whose link.")] = "admin") -> None:
    """Print a one-time link that signs an administrator in, for whoever lost their password."""

    async def make(settings: HubSettings) -> str:
        store = Store(settings.database)
        await store.open()
        address = await administrator_link(store, settings.public_url, name)
        await store.close()
        return address

    sys.stdout.write(asyncio.run(make(context.obj.prepared())) + "\n")


@app.command("backup")
def make_backup(context: typer.Context, target: Annotated[Path, typer.Argument(help="The .tar.gz to write.")]) -> None:
    """Write one file that holds the hub: database, evidence files, keys. Works while the hub runs."""
    number = backup(context.obj, target)
    sys.stdout.write(canonical_json({"backup": str(target), "files": number}) + "\n")


@app.command("restore")
def take_back(context: typer.Context, source: Annotated[Path, typer.Argument(help="A backup.")]) -> None:
    """Unpack a backup into the empty directory named by --data."""
    number = restore(context.obj, source)
    sys.stdout.write(canonical_json({"restored": str(source), "files": number}) + "\n")


@site_app.command("add")
def site_add(
    context: typer.Context,
    site: Annotated[str, typer.Argument(help="The site's id, as in its site file.")],
    api: Annotated[str, typer.Option(help="Where the hub reaches the site's live pictures.")] = "",
) -> None:
    """Register a site, or replace its token. Prints the device token, which is shown only now."""

    async def add(settings: HubSettings) -> str:
        store = Store(settings.database)
        await store.open()
        async with store.write() as session:
            token = await add_site(session, site, api)
        await store.close()
        return token

    sys.stdout.write(canonical_json({"site": site, "token": asyncio.run(add(context.obj.prepared()))}) + "\n")
