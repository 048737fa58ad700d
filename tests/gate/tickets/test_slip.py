import shutil
import subprocess
from dataclasses import replace
from pathlib import Path

import cv2
import pytest
import zxingcpp

from gate.errors import TicketError
from gate.tickets.slip import Slip, slip_pdf

SLIP = Slip(
    "EG-1", "东门 East gate", "晋B90210", "原煤", "T00000042", "s1", 48620, 1_793_000_000_000, 15240, 1_792_990_000_000
)


def test_a_slip_is_the_same_bytes_each_time_and_says_its_net() -> None:
    pdf = slip_pdf(SLIP)
    assert pdf == slip_pdf(SLIP)
    assert pdf.startswith(b"%PDF")
    assert SLIP.net_kg == 33_380
    assert SLIP.code() == "GW1S:EG-1:48620:15240:33380:1793000000:"


def test_a_slip_without_a_net_weight_is_refused() -> None:
    with pytest.raises(TicketError, match="under tare"):
        slip_pdf(replace(SLIP, gross_kg=100))


@pytest.mark.skipif(shutil.which("gs") is None, reason="no Ghostscript on this machine to render the slip with")
def test_a_printed_slip_is_read_back_by_its_code(tmp_path: Path) -> None:
    slip = replace(SLIP, evidence="ab" * 32)
    (tmp_path / "slip.pdf").write_bytes(slip_pdf(slip))
    arguments = ["-q", "-dNOPAUSE", "-dBATCH", "-sDEVICE=png16m", "-r203", "-sOutputFile=slip.png", "slip.pdf"]
    subprocess.run(["gs", *arguments], cwd=tmp_path, check=True, timeout=60)
    picture = cv2.imread(str(tmp_path / "slip.png"))
    assert [b.text for b in zxingcpp.read_barcodes(picture)] == [slip.code()]


@pytest.mark.skipif(shutil.which("gs") is None, reason="no Ghostscript on this machine to render the slip with")
def test_a_slip_without_evidence_says_so_in_place_of_the_digest(tmp_path: Path) -> None:
    for name, slip in (("unsealed", SLIP), ("sealed", replace(SLIP, evidence="ab" * 32))):
        (tmp_path / f"{name}.pdf").write_bytes(slip_pdf(slip))
        arguments = ["-q", "-dNOPAUSE", "-dBATCH", "-sDEVICE=txtwrite", f"-sOutputFile={name}.txt", f"{name}.pdf"]
        subprocess.run(["gs", *arguments], cwd=tmp_path, check=True, timeout=60)
    unsealed, sealed = ((tmp_path / f"{name}.txt").read_text("utf-8") for name in ("unsealed", "sealed"))
    assert "not sealed yet" in unsealed
    assert "SHA-256" not in unsealed
    assert "SHA-256" in sealed
    assert "ab" * 16 in sealed
    assert "not sealed" not in sealed
