"""Requests and replies have one encoding, bounded and without code; whatever else arrives is refused."""

import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from small_runs import measure, score, select

from fairshare.errors import BudgetError, PeerError, UsageError
from fairshare.mpc.encoding import decode, encode
from fairshare.mpc.requests import Answer, Finish, Refusal, reply_from_bytes, request_from_bytes

MAPS = {"c": np.array([0, 1, 0, 1]), "a": np.array([0, 0, 1])}
REQUESTS = [measure(maps=MAPS), measure(), select(), score(sigma=1e300), Finish()]


@pytest.mark.parametrize("request_", REQUESTS, ids=lambda r: type(r).__name__)
def test_a_request_survives_the_way(request_):
    data = request_.to_bytes()
    back = request_from_bytes(data)
    assert type(back) is type(request_)
    assert back.to_bytes() == data
    if isinstance(request_, type(REQUESTS[0])):
        assert (back.cliques, back.sigmas) == (request_.cliques, request_.sigmas)
        assert {a: m.tolist() for a, m in back.maps.items()} == {a: m.tolist() for a, m in request_.maps.items()}


def test_replies_survive_the_way():
    answer = reply_from_bytes(Answer(values=np.array([-(2**63), 2**63 - 1]), head="ab").to_bytes())
    assert isinstance(answer, Answer)
    assert (answer.values.tolist(), answer.head) == ([-(2**63), 2**63 - 1], "ab")
    refusal = reply_from_bytes(Refusal.of(BudgetError("é costs too much")).to_bytes())
    assert isinstance(refusal, Refusal)
    assert isinstance(refusal.error, BudgetError)
    assert str(refusal.error) == "é costs too much"
    assert isinstance(Refusal(kind="SystemExit", message="").error, PeerError)
    assert isinstance(Refusal(kind="UsageError", message="").error, UsageError)


@given(st.data())
def test_any_change_of_a_byte_is_refused_or_is_another_request(data):
    original = data.draw(st.sampled_from(REQUESTS)).to_bytes()
    place = data.draw(st.integers(0, len(original) - 1))
    changed = bytearray(original)
    changed[place] ^= data.draw(st.integers(1, 255))
    try:
        back = request_from_bytes(bytes(changed))
    except PeerError:
        return
    assert back.to_bytes() == bytes(changed) != original


@given(st.binary(max_size=200))
def test_noise_is_refused(data):
    for read in (request_from_bytes, reply_from_bytes):
        with pytest.raises(PeerError):
            read(data)


def packed(header: object, rest: bytes = b"") -> bytes:
    text = (
        json.dumps(header, sort_keys=True, separators=(",", ":")).encode() if not isinstance(header, bytes) else header
    )
    return len(text).to_bytes(4, "little") + text + rest


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\xff\xff\xff\xff",
        packed(b"[" * 100_000),
        packed(b'{"arrays":[],"body":{"x":NaN}}'),
        packed(b'{"arrays":[], "body":{}}'),
        packed(b'{"body":{},"arrays":[]}'),
        packed(b'{"arrays":[],"body":{"n":' + b"9" * 5000 + b"}}"),
        packed({"arrays": [["<i8", [1 << 39]]], "body": {}}),
        packed({"arrays": [["<i8", [-1]]], "body": {}}),
        packed({"arrays": [["<i8", [True]]], "body": {}}, bytes(8)),
        packed({"arrays": [["<i8", [0] * 40]], "body": {}}),
        packed({"arrays": [["|O", [1]]], "body": {}}, bytes(8)),
        packed({"arrays": [["<i8", [1]]], "body": {}}, bytes(9)),
        packed({"arrays": [], "body": []}),
        packed({"arrays": [], "body": {}, "more": 1}),
        packed({"arrays": 3, "body": {}}),
    ],
)
def test_malformed_messages_are_refused_before_anything_is_allocated(data):
    with pytest.raises(PeerError, match="message is malformed"):
        decode(data, limit=1 << 20)


def test_long_messages_are_refused():
    data = encode({"a": 1}, [np.arange(10)])
    assert decode(data, limit=len(data))[0] == {"a": 1}
    with pytest.raises(PeerError, match=r"message \(\d+ bytes\) must have at most"):
        decode(data, limit=len(data) - 1)


FIELDS = {"call": "measure", "cliques": [["a"]], "sigmas": [1.0], "maps": []}


@pytest.mark.parametrize(
    "wrong",
    [
        {"call": "delete"},
        {"call": ["measure"]},
        {"cliques": [["a", 1]]},
        {"cliques": ["a"]},
        {"cliques": "a"},
        {"sigmas": [1]},
        {"sigmas": [True]},
        {"sigmas": ["1"]},
        {"sigmas": None},
        {"maps": ["a"]},
        {"maps": {}},
        {"more": 1},
    ],
)
def test_requests_with_wrong_fields_are_refused(wrong):
    assert request_from_bytes(encode(FIELDS)).sigmas == (1.0,)
    with pytest.raises(PeerError, match="request is malformed"):
        request_from_bytes(encode({**FIELDS, **wrong}))


def test_replies_with_wrong_fields_are_refused():
    for body, arrays in (({"head": "x"}, []), ({"head": 1}, [np.arange(2)]), ({"head": "x"}, [np.zeros((1, 2), int)])):
        with pytest.raises(PeerError, match="answer is malformed"):
            reply_from_bytes(encode(body, arrays))
