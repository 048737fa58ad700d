"""Reading a site file: every error names file, line, field and what was expected."""

from pathlib import Path
from typing import Any

import yaml
from pydantic import ValidationError

from gate.errors import SiteError
from gate.site.model import Site


def load_site(path: Path) -> Site:
    """The site a file describes. Raises SiteError."""
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise SiteError(f"{path}: cannot be read as UTF-8 text: {error}") from error
    return parse_site(text, str(path))


def parse_site(text: str, name: str = "site.yaml") -> Site:
    """The site a YAML text describes. Raises SiteError with one line per fault."""
    try:
        root = yaml.compose(text, Loader=yaml.SafeLoader)
        data = yaml.safe_load(text)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        line = f":{mark.line + 1}" if mark else ""
        raise SiteError(f"{name}{line}: not YAML: {getattr(error, 'problem', error)}") from error
    if root is not None and (twice := _said_twice(root)) is not None:
        raise SiteError(f"{name}:{twice.start_mark.line + 1}: {twice.value}: said twice in one place; expected once")
    if not isinstance(data, dict):
        raise SiteError(f"{name}: expected a mapping with id, name, cameras, …")
    try:
        return Site.model_validate(data)
    except ValidationError as error:
        raise SiteError("\n".join(_fault(name, root, e) for e in error.errors())) from error


def _said_twice(node: yaml.Node) -> yaml.ScalarNode | None:
    """A key that a mapping has already: YAML would quietly keep the later of the two."""
    if isinstance(node, yaml.SequenceNode):
        return next(filter(None, map(_said_twice, node.value)), None)
    seen: set[str] = set()
    for key, value in node.value if isinstance(node, yaml.MappingNode) else ():
        if isinstance(key, yaml.ScalarNode) and key.value in seen:
            return key
        seen.add(key.value if isinstance(key, yaml.ScalarNode) else "")
        if (within := _said_twice(value)) is not None:
            return within
    return None


def _fault(name: str, root: yaml.Node | None, error: Any) -> str:
    where = [str(p) for p in error["loc"]]
    line = _line(root, error["loc"])
    got = "" if error["type"] in ("missing", "value_error") else f", got {error['input']!r:.80}"
    message = error["msg"].removeprefix("Value error, ")
    return f"{name}:{line}: {'.'.join(where) or 'site'}: {message}{got}"


def _line(node: yaml.Node | None, location: tuple[str | int, ...]) -> int:
    """The line of the deepest node on the way to a location, counted from 1."""
    line = 1
    for step in location:
        following: yaml.Node | None = None
        if isinstance(node, yaml.MappingNode):
            following = next((v for k, v in node.value if k.value == step), None)
            key = next((k for k, _ in node.value if k.value == step), None)
            if key is not None:
                line = key.start_mark.line + 1
        elif isinstance(node, yaml.SequenceNode) and isinstance(step, int) and step < len(node.value):
            following = node.value[step]
            line = following.start_mark.line + 1
        if following is None:
            break
        node = following
    return line
