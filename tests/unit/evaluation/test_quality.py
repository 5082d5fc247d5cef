import json
import time

import numpy as np
import pytest

from fairshare.evaluation import NOTICE, Quality, cramers_v, quality
from fairshare.marginals import Domain

DOMAIN = Domain.from_sizes({"a": 2, "b": 2, "c": 2})


def table(rows):
    return dict(zip(DOMAIN, np.array(rows, dtype=np.uint8).T, strict=True))


def test_by_hand():
    real = table([[0, 0, 0], [0, 0, 1], [1, 1, 0], [1, 1, 1]])
    synthetic = table([[0, 0, 0], [0, 1, 0], [1, 0, 0], [1, 1, 0]])
    found = quality(real, synthetic, DOMAIN, three_way=True)
    # Half of c's mass is on 1 in the real table, none in the synthetic one.
    assert dict(found.per_column) == {"a": 0.0, "b": 0.0, "c": 0.5}
    assert found.tvd_1 == pytest.approx(0.5 / 3)
    # (a, b) is off by 1/4 in each of its four cells, and so are (a, c) and (b, c): half of the sum is 1/2.
    assert found.tvd_2 == pytest.approx(0.5)
    # Two of the four cells are lost, (0, 0, 1) and (1, 1, 1), and two gained, (0, 1, 0) and (1, 0, 0).
    assert found.tvd_3 == pytest.approx(0.5)


def test_acd_is_the_mean_difference_of_cramers_v():
    rng = np.random.default_rng(3)
    a = rng.integers(0, 2, 400)
    real = {"a": a, "b": a ^ (rng.random(400) < 0.1), "c": rng.integers(0, 2, 400)}
    synthetic = {name: rng.permutation(codes) for name, codes in real.items()}

    def v(t, x, y):
        return cramers_v(np.histogram2d(t[x], t[y], bins=2)[0].astype(int))

    pairs = [("a", "b"), ("a", "c"), ("b", "c")]
    expected = np.mean([abs(v(real, x, y) - v(synthetic, x, y)) for x, y in pairs])
    assert quality(real, synthetic, DOMAIN).acd == pytest.approx(expected, rel=1e-9)
    assert expected > 0.2


def test_a_copy_is_perfect():
    real = table([[0, 1, 0], [1, 1, 1], [1, 0, 0]])
    found = quality(real, real, DOMAIN, three_way=True)
    assert (found.tvd_1, found.tvd_2, found.tvd_3, found.acd) == (0, 0, 0, 0)


def test_three_way_is_optional_and_absent_below_three_columns():
    real = table([[0, 1, 0], [1, 1, 1]])
    assert quality(real, real, DOMAIN).tvd_3 is None
    assert quality(real, real, DOMAIN.project(["a", "b"]), three_way=True).tvd_3 is None
    alone = quality(real, real, DOMAIN.project(["a"]))
    assert (alone.tvd_2, alone.acd) == (0.0, 0.0)


def test_findings_are_stamped_private_first():
    real = table([[0, 1, 0], [1, 1, 1]])
    document = quality(real, real, DOMAIN).to_dict()
    assert list(document)[:2] == ["private", "notice"]
    assert document["private"] is True
    assert document["notice"] == NOTICE
    assert NOTICE.startswith("NOT DIFFERENTIALLY PRIVATE")
    assert json.loads(json.dumps(document)) == document


def test_the_stamp_cannot_be_left_out():
    with pytest.raises(TypeError):
        Quality(tvd_1=0, tvd_2=0, tvd_3=None, acd=0, per_column={}, private=False)


def test_fourteen_columns_take_seconds():
    rng = np.random.default_rng(0)
    domain = Domain.from_sizes({f"x{i}": size for i, size in enumerate([100] * 4 + [40, 16, 15, 9, 7, 6, 5, 2, 2, 2])})
    tables = [{a: rng.integers(0, s, 48_842).astype(np.uint8) for a, s in domain_items(domain)} for _ in range(2)]
    start = time.process_time()
    quality(*tables, domain, three_way=True)
    assert time.process_time() - start < 10  # 0.3 s when the machine is idle


def domain_items(domain):
    return zip(domain.attributes, domain.shape, strict=True)
