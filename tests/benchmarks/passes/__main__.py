"""Plates per pass on rendered passes: how often the last word on a vehicle is its plate.

    python -m tests.benchmarks.passes --passes 200 --out DIR [--first 0] > passes.json

Clips are rendered once into DIR (about 6 s of one core a pass) and read by the camera's own pipeline each time. For
every pass that is not right, DIR/misread/ gets a picture of its plate as the camera had it. Exit status 0 when at least
99.5 % of the readable plates are right.
"""

import argparse
import json
import sys
from dataclasses import asdict
from pathlib import Path

from rich.console import Console
from rich.progress import Progress

from tests.benchmarks.passes.scored import Pass, read, summary
from tests.benchmarks.passes.sheet import sheet
from tests.benchmarks.passes.staged import WAVES, clip

BAR = 0.995
PER_CLIP = 2 * WAVES


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--passes", type=int, default=200)
    parser.add_argument("--out", type=Path, required=True, help="where clips are kept")
    parser.add_argument("--first", type=int, default=0, help="number of the first clip")
    parser.add_argument("--render-only", action="store_true", help="make clips, read nothing")
    args = parser.parse_args()
    clips = range(args.first, args.first + -(-args.passes // PER_CLIP))
    passes: list[Pass] = []
    with Progress(console=Console(stderr=True)) as bar:
        task = bar.add_task("passes", total=len(clips))
        for number in clips:
            filmed = clip(args.out, number)
            if not args.render_only:
                seen = read(filmed)
                passes += seen
                for one in (p for p in seen if p.readable and p.outcome != "right"):
                    sheet(filmed, one, args.out / "misread")
            bar.advance(task)
    if args.render_only:
        return
    result = summary(passes)
    failures = [asdict(p) | {"outcome": p.outcome} for p in passes if p.readable and p.outcome != "right"]
    print(json.dumps(result | {"failures": failures}, ensure_ascii=False, indent=1))
    sys.exit(0 if result["share"] >= BAR else 1)


if __name__ == "__main__":
    main()
