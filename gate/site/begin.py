"""The first files of a new site: an annotated site file to change, and the schema editors complete it from."""

import json
from importlib.resources import files
from pathlib import Path
from typing import Any

from gate.errors import SiteError
from gate.site.load import parse_site
from gate.site.model import Site

SITE_FILE, SCHEMA_FILE = "site.yaml", "site.schema.json"


def begin_site(folder: Path, site_id: str, zh: str, en: str) -> tuple[Path, ...]:
    """Write both files into a folder, which is made. Raises SiteError where one is there or a name cannot be."""
    text = (files("gate.site") / "template.yaml").read_text(encoding="utf-8")
    text = text.format(id=_quoted(site_id), zh=_quoted(zh), en=_quoted(en))
    parse_site(text, SITE_FILE)
    written = []
    for name, content in ((SITE_FILE, text), (SCHEMA_FILE, json.dumps(site_schema(), ensure_ascii=False, indent=1))):
        path = folder / name
        try:
            folder.mkdir(parents=True, exist_ok=True)
            with path.open("x", encoding="utf-8") as file:
                file.write(content)
        except FileExistsError as error:
            raise SiteError(f"{path}: is there already; nothing was changed") from error
        except OSError as error:
            raise SiteError(f"{path}: cannot be written: {error}") from error
        written.append(path)
    return tuple(written)


def site_schema() -> dict[str, Any]:
    """The JSON schema of a site file (draft 2020-12)."""
    return Site.model_json_schema()


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)
