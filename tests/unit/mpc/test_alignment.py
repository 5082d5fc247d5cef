"""Records are matched by keyed hashes, exactly, or not at all."""

import hmac

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fairshare.errors import DataError, UsageError
from fairshare.mpc.alignment import align, fresh_run_key, record_hashes
from fairshare.mpc.requests import Refusal

KEY = bytes(range(32))
COLUMNS = {"left": ("a",), "right": ("b",)}


def test_hashes_are_hmac_sha_256_of_the_key_s_text():
    got = record_hashes(["r1", 27, "é"], KEY)
    expected = [hmac.digest(KEY, text, "sha256") for text in (b"r1", b"27", "é".encode())]
    assert [row.tobytes() for row in got] == expected
    composed = record_hashes(["e\u0301"], KEY)  # the same text in another normal form
    assert composed[0].tobytes() == expected[2]
    assert not np.array_equal(got, record_hashes(["r1", 27, "é"], fresh_run_key()))


@given(st.data())
def test_aligned_rows_are_the_same_records(data):
    """Left has all columns a; the records' b lie with east or west."""
    records = data.draw(st.lists(st.integers(0, 10**6), min_size=1, max_size=30, unique=True))
    cut = data.draw(st.integers(0, len(records)))
    held = {
        "left": data.draw(st.permutations(records)),
        "east": data.draw(st.permutations(records[:cut])),
        "west": data.draw(st.permutations(records[cut:])),
    }
    found = align(
        {name: record_hashes(own, KEY) for name, own in held.items()},
        {"left": ("a",), "east": ("b",), "west": ("b",)},
    )
    assert found.records == len(records)
    for side, expected in (("east", records[:cut]), ("west", records[cut:])):
        left, right = found.common(["left", side])
        assert [held["left"][i] for i in left] == [held[side][i] for i in right]
        assert sorted(held[side][i] for i in right) == sorted(expected)
    assert not found.common(["east", "west"])[0].size


def test_what_does_not_match_is_told_in_one_message_and_counted_for_servers_only():
    one, two = record_hashes(["x", "y", "z"], KEY), record_hashes(["x", "y", "q"], KEY)
    cases = {
        "1 of 4 records have no 'a'; left did not send them": ({"left": one, "right": two}, COLUMNS),
        "3 of 6 records have no 'a'; left did not send them": (
            {"left": one, "right": record_hashes(["x", "y", "z"], fresh_run_key())},
            COLUMNS,
        ),
        "left sent 1 of 3 record keys twice": ({"left": one[[0, 1, 1]], "right": two}, COLUMNS),
        "2 of 3 records have 'b' at two of right, third": (
            {"left": one, "right": one, "third": one[:2]},
            {**COLUMNS, "third": ("b",)},
        ),
    }
    messages = set()
    for note, (hashes, columns) in cases.items():
        with pytest.raises(DataError, match="records do not fit together") as found:
            align(hashes, columns)
        assert found.value.__notes__ == [note]
        messages.add(Refusal.of(found.value).message)
    assert len(messages) == 1


def test_record_keys_are_checked():
    with pytest.raises(DataError, match="record keys must differ, but 2 repeat"):
        record_hashes(["x", "y", "x", "x"], KEY)
    for bad in (None, 1.0, float("nan"), ""):
        with pytest.raises(DataError, match="record keys must"):
            record_hashes(["x", bad], KEY)
    with pytest.raises(UsageError, match=r"run key \(4 bytes\) must have at least 32"):
        record_hashes(["x"], b"weak")
    assert record_hashes([], KEY).shape == (0, 32)
