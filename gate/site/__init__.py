"""The site file: one YAML document that describes a gate, validated as a whole."""

from gate.site.load import load_site, parse_site
from gate.site.model import Site

__all__ = ["Site", "load_site", "parse_site"]
