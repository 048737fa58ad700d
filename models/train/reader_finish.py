"""From a trained reader to the file that ships: honest probabilities, then convolutions in 8 bits."""

import tempfile
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from models.quantise import quantise
from models.synthesis.crops import encode
from models.synthesis.real import Labelled
from models.synthesis.real import load as load_crop
from models.synthesis.view import nudge
from models.synthesis.weather import degrade
from models.train.reader_net import ReaderNet, export
from vision.plates.crop import fit

Images = NDArray[np.uint8]
_TEMPERATURES = np.geomspace(0.3, 2.0, 40)
_LOOKS = 6


def finish(net: ReaderNet, held_out: list[Labelled], calibration: Images, path: Path, *, seed: int) -> dict[str, float]:
    """Writes `path`. held_out: real crops not trained on, for the temperature; calibration: (N, 64, 160, 3) crops.

    Gives the temperature found, 1 where there are no real crops.
    """
    temperature = fit_temperature(net, held_out, seed)
    with tempfile.TemporaryDirectory() as folder:
        plain = Path(folder) / "plain.onnx"
        export(net, str(plain), temperature)
        quantise(plain, path, (calibration[i : i + 32] for i in range(0, len(calibration), 32)))
    return {"temperature": temperature}


def fit_temperature(net: ReaderNet, held_out: list[Labelled], seed: int) -> float:
    """The softmax temperature under which real characters, worn a little more than they came, are likeliest."""
    if not held_out:
        return 1.0
    rng = np.random.default_rng((seed, 17))
    images, texts = [], []
    for crop in held_out:
        picture = load_crop(crop)
        for look in range(_LOOKS):
            seen = picture if look == 0 else degrade(nudge(picture, rng), rng, strength=0.4)[0]
            images.append(fit(seen))
            texts.append(encode(crop.text))
    logits = _logits(net, np.stack(images))
    truth = torch.from_numpy(np.stack(texts)).flatten()
    losses = [
        float(torch.nn.functional.cross_entropy(logits.flatten(0, 1) / temperature, truth))
        for temperature in _TEMPERATURES
    ]
    return float(_TEMPERATURES[int(np.argmin(losses))])


def _logits(net: ReaderNet, images: Images) -> torch.Tensor:
    with torch.no_grad():
        return torch.cat([net(torch.from_numpy(images[i : i + 64])).text.float() for i in range(0, len(images), 64)])
