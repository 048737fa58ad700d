"""`gatewarden judge`: recorded facts judged again, and what would change."""

import sys
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console


def command(
    facts: Annotated[Path, typer.Argument(help="facts.jsonl, or a folder with facts of one or more days.")],
    site_file: Annotated[Path, typer.Option("--site", metavar="SITE.yaml", help="The site the facts are of.")],
    rules: Annotated[Path | None, typer.Option(help="Other rule settings: a YAML mapping of rule to settings.")] = None,
    *,
    afresh: Annotated[bool, typer.Option(help="Follow every vehicle anew, not as it was recorded.")] = False,
) -> None:
    """Judge recorded facts again. Findings go to stdout, one JSON line each; what changed goes to stderr."""
    from gate.facts import canonical_json, to_plain
    from gate.judging.rejudge import changes, judge_again, recorded_findings, standing, with_rules
    from gate.site import load_site

    site = load_site(site_file)
    if rules:
        site = with_rules(site, rules)
    found, followed = judge_again(site, site_file.parent, facts, afresh=afresh)
    for finding in found:
        sys.stdout.write(canonical_json(to_plain(finding)) + "\n")
    console = Console(stderr=True)
    before, after = recorded_findings(facts), standing(found)
    for change in changes(before, after):
        f = change.finding
        console.print(
            f"{change.kind:7} {f.rule:18} {f.zh if site.language == 'zh' else f.en}", markup=False, highlight=False
        )
    console.print(
        f"{len(before)} findings stood before, {len(after)} stand now; vehicles followed {followed}", highlight=False
    )
