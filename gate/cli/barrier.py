"""`gatewarden barrier`: open a barrier by hand, with a reason, whether the site runs or not."""

import asyncio
import getpass
import json
import sys
import time
from pathlib import Path
from typing import Annotated

import httpx
import typer

from gate.barrier.keeper import Keeper
from gate.barrier.policy import BarrierPolicy
from gate.errors import GatewardenError
from gate.facts import Fact, Operation, fact_line
from gate.judging.daylog import fact_log
from gate.site import load_site
from gate.site.devices import Barrier
from gate.site.model import Site

app = typer.Typer(no_args_is_help=True)
SiteFile = Annotated[Path, typer.Argument(metavar="SITE.yaml")]


@app.command()
def release(
    site_file: SiteFile,
    barrier: Annotated[str, typer.Argument(help="Which one; may be left out where there is one.")] = "",
    *,
    reason: Annotated[str, typer.Option(help="Why; it is kept.")],
    who: Annotated[str, typer.Option(help="Who; the account's name unless given.")] = "",
) -> None:
    """Open a barrier. A running site carries it out; where none runs, this command does, and notes it in the log."""
    site = load_site(site_file)
    chosen = _barrier(site, barrier)
    name = who or getpass.getuser()
    if _asked_of_site(site, chosen.id, name, reason):
        typer.echo(json.dumps({"barrier": chosen.id, "by": "site", "ordered": "open"}))
        return
    facts = asyncio.run(_by_hand(site, chosen, name, reason))
    log = fact_log(site_file.parent / site.store.directory / "log")
    log.append(facts)
    log.close()
    for fact in facts:
        typer.echo(fact_line(fact))
    raise typer.Exit(0 if any(isinstance(f, Operation) and f.action == "barrier_open_done" for f in facts) else 1)


@app.command()
def state(site_file: SiteFile) -> None:
    """What a running site's barriers were told, and what is against the vehicle before each."""
    site = load_site(site_file)
    try:
        health = httpx.get(f"{_api(site)}/health", timeout=5).json()
    except httpx.HTTPError as error:
        raise GatewardenError(f"no site answers at {_api(site)}: {error}") from error
    typer.echo(json.dumps(health["barriers"], ensure_ascii=False))


def _barrier(site: Site, name: str) -> Barrier:
    found = [b for b in site.barriers if name in ("", b.id)]
    if len(found) != 1:
        known = ", ".join(b.id for b in site.barriers) or "none"
        raise GatewardenError(f"which barrier? The site file has {known}")
    return found[0]


def _asked_of_site(site: Site, barrier: str, who: str, reason: str) -> bool:
    """Whether a running site took the order. Raises GatewardenError when it refused."""
    try:
        answer = httpx.post(
            f"{_api(site)}/barrier/{barrier}/release",
            json={"who": who, "reason": reason},
            headers={"x-gatewarden": "release"},
            timeout=5,
        )
    except httpx.HTTPError as error:
        print(f"no site runs at {_api(site)} ({error}); asking the barrier itself", file=sys.stderr)  # noqa: T201
        return False
    if answer.status_code != 202:
        raise GatewardenError(str(answer.json().get("detail", answer.text)))
    return True


async def _by_hand(site: Site, barrier: Barrier, who: str, reason: str) -> list[Fact]:
    facts: list[Fact] = []
    keeper = Keeper(barrier, facts.append, _now_ms)
    keeper.give(BarrierPolicy.of(barrier, site).release(_now_ms(), who, reason))
    try:
        await keeper.flush()
    finally:
        await keeper.close()
    return facts


def _api(site: Site) -> str:
    return f"http://127.0.0.1:{site.api.port}"


def _now_ms() -> int:
    return time.time_ns() // 1_000_000
