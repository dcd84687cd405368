"""Which arguments vary over a batch and which are fixed changes no number."""

from itertools import product

import numpy as np
import pytest

from darkmoment.physics import loops, printed


@pytest.mark.parametrize("signed_sum", [loops.signed_sum, printed.signed_sum])
@pytest.mark.parametrize("paired", [False, True])
def test_every_mix_of_fixed_and_varying_arguments(signed_sum, paired):
    seed = 5
    print(f"seed {seed}")
    rng = np.random.default_rng(seed)
    full = [rng.uniform(0.1, 0.5, 7) for _ in range(6)]
    for varies in product([True, False], repeat=4 if paired else 6):
        given = [x if v else x[:1] for x, v in zip(full, varies, strict=False)]
        if paired:
            given += given[2:]
        together = np.broadcast_to(signed_sum(*given), (7,))
        alone = [float(signed_sum(*(x[i % len(x)] for x in given))) for i in range(7)]
        np.testing.assert_array_equal(together, alone)
