"""What fuzzing found, one case each: refused with a typed error, and so it stays."""

import io
import struct
import zipfile

import numpy as np
import pytest

from fairshare.errors import IntegrityError
from fairshare.release.npz import read_npz
from fairshare.release.packing import pack, unpack
from tests.fuzz.readers import GOOD, READERS, _release


def archive(tmp_path, content):
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as made:
        made.writestr("x.npy", content)
    (tmp_path / "x.npz").write_bytes(packed.getvalue())
    return tmp_path / "x.npz"


def saved(array):
    content = io.BytesIO()
    np.save(content, array, allow_pickle=False)
    return content.getvalue()


@pytest.mark.parametrize(
    "array",
    [
        np.array(3),
        np.zeros(0),
        np.array([[1.5, 2.0]]),
        np.asfortranarray(np.arange(6).reshape(2, 3)),
        np.array(["a", "bc"]),
        np.ones((2, 1, 2), dtype=bool),
    ],
)
def test_plain_arrays_are_read(array, tmp_path):
    (found,) = read_npz(archive(tmp_path, saved(array)), limit=10**6).values()
    np.testing.assert_array_equal(found, array, strict=True)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b"}", b" "),  # a literal without its end made numpy's reader fail untyped
        (b"(2,), }   ", b"(9**9,), }"),  # nothing is evaluated
        (b"(2,), }          ", b"(9999999999,), } "),  # nothing is allocated that is not there
        (b"<f8", b"|O8"),
        (b"NUMPY\x01", b"NUMPY\x02"),
    ],
)
def test_headers_that_numpy_does_not_write(old, new, tmp_path):
    content = saved(np.array([1.0, 2.0]))
    assert content.count(old) == 1
    assert len(old) == len(new)
    with pytest.raises(IntegrityError, match=r"x\.npz is no archive of arrays"):
        read_npz(archive(tmp_path, content.replace(old, new)), limit=10**6)


def claiming(content, size):
    """The archive with another packed size in its directory."""
    at = content.index(b"PK\x01\x02") + 20
    return content[:at] + struct.pack("<I", size) + content[at + 4 :]


def test_a_directory_that_claims_more_than_there_is(tmp_path):
    path = archive(tmp_path, saved(np.zeros(2)))
    path.write_bytes(claiming(path.read_bytes(), 2**31))
    with pytest.raises(IntegrityError, match="packed as we never do"):
        read_npz(path, limit=10**6)
    packed = pack(_release())
    for size in (2**31, len(packed)):  # beyond the archive; beyond its end, from where it begins
        with pytest.raises(IntegrityError, match="not one of ours"):
            unpack(claiming(packed, size))


@pytest.mark.parametrize("name", ["", "..", "a/b.json", "x.json\0", "x" * 300 + ".json", "X.py"])
def test_a_member_that_would_land_elsewhere(name):
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as made:
        made.writestr(zipfile.ZipInfo("x"), b"")
        made.filelist[0].filename = name
    with pytest.raises(IntegrityError, match="not one of ours"):
        unpack(packed.getvalue())


def test_an_encrypted_member(tmp_path):
    path = archive(tmp_path, saved(np.zeros(2)))
    content = path.read_bytes()
    at = content.index(b"PK\x01\x02") + 8
    path.write_bytes(content[:at] + b"\x01" + content[at + 1 :])
    with pytest.raises(IntegrityError, match="no archive of arrays"):
        read_npz(path, limit=10**6)


def test_an_archive_that_unpacks_to_too_much(tmp_path):
    with pytest.raises(IntegrityError, match="unpacks to more than 100 bytes"):
        read_npz(archive(tmp_path, saved(np.zeros(20))), limit=100)


def test_sqlite_may_quote_bytes_that_are_no_text():
    """The name of a table in a damaged file, in SQLite's own message."""
    good = GOOD["ledger"]()[0]
    name = b"tablepromisepromise"
    assert good.count(name) == 1
    with pytest.raises(IntegrityError, match="damaged or not"):
        READERS["ledger"](good.replace(name, b"table\xff\xfe\xfdmisepromise"))
