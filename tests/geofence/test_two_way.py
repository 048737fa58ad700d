"""Wrong way on real two-way traffic: silent as it was filmed, loud when the film runs backward."""

import pytest

from tests.data import data_folder
from tests.geofence.two_way import Counts, clips, count


@pytest.mark.slow
@pytest.mark.timeout(3600)
def test_nobody_forward_and_everybody_backward():
    total = Counts()
    for clip, site_file in clips(data_folder()):
        total.add(count(clip, site_file))
    if not total.clips:
        pytest.skip("no traffic clips in the folder of real data")
    assert min(total.forward, total.backward) > 150
    assert total.raised_forward == 0, total.wrong
    assert total.raised_backward == total.backward, total.wrong
