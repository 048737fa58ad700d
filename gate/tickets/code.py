"""Tickets as QR codes: drawn for print or a phone, and read back from a picture."""

import io
from pathlib import Path

import numpy as np
import segno
import zxingcpp
from numpy.typing import NDArray

from gate.tickets.ticket import PREFIX

QUIET_MODULES = 4  # white around the code, as ISO/IEC 18004 wants


def code(token: str) -> segno.QRCode:
    """The QR code of a token: alphanumeric mode, error correction M (15 % may be lost)."""
    return segno.make_qr(token, error="m", boost_error=False)


def code_png(token: str, module_px: int = 6) -> bytes:
    """PNG bytes, black on white, `module_px` pixels to a module."""
    out = io.BytesIO()
    code(token).save(out, kind="png", scale=module_px, border=QUIET_MODULES)
    return out.getvalue()


def code_text(token: str) -> str:
    """The code in block characters, for a terminal."""
    out = io.StringIO()
    code(token).terminal(out, compact=True)
    return out.getvalue()


def save_code(token: str, path: Path, module_px: int = 6) -> None:
    """Write the code as PNG or SVG, by the file's suffix."""
    code(token).save(str(path), scale=module_px, border=QUIET_MODULES)


def read_codes(picture: NDArray[np.uint8]) -> list[str]:
    """Tokens found in a picture (grey or BGR, uint8), left to right; other codes in it are passed over."""
    found = zxingcpp.read_barcodes(picture, formats=zxingcpp.BarcodeFormat.QRCode)
    placed = sorted((b.position.top_left.x, b.text) for b in found if b.text.startswith(PREFIX))
    return [text for _, text in placed]
