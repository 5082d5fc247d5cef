"""Links between parties: who gets in, what goes through, and how it ends."""

import datetime as dt
import os
import ssl
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from consortium_parties import SERVERS, at_once, consortium

from fairshare.errors import IntegrityError, PeerError, UsageError
from fairshare.mpc.arithmetic import product
from fairshare.mpc.opening import open_all
from fairshare.mpc.plan import Plan
from fairshare.mpc.requests import Refusal
from fairshare.mpc.ring import Z64
from fairshare.mpc.rounds import complete
from fairshare.mpc.session import Session, establish
from fairshare.mpc.shares import public
from fairshare.mpc.wire.certificates import Identity, create_identity
from fairshare.mpc.wire.channel import TlsChannel
from fairshare.mpc.wire.frames import Kind, header
from fairshare.mpc.wire.hub import Hub
from fairshare.mpc.wire.session import ServerOpening, join, learn_session, wait_for


def server(
    plan: Plan, identity: Identity, certificates: dict[str, str], *, clients: int, then: Any = None, **options: Any
) -> Any:
    """A server that meets its peers and so many clients, then does ``then(hub)``."""

    def node() -> Any:
        with Hub(plan, identity, certificates, bind=plan.party(identity.name).endpoint, **options).closing() as hub:
            opening = ServerOpening(hub)
            opening.meet_servers()
            limits, met = plan.limits, 0
            deadline = time.monotonic() + limits.start_seconds
            while met < clients:
                met += len(opening.greet())
                absent = ["alice", "bob", "driver"]
                if met < clients:
                    wait_for(hub, absent, deadline, limits.start_seconds)
            session = opening.seal() if clients else b""
            return session if then is None else then(hub)

    return node


def client(plan: Plan, identity: Identity, certificates: dict[str, str], then: Any = None) -> Any:
    def node() -> Any:
        with Hub(plan, identity, certificates).closing() as hub:
            run = join(hub)
            return run if then is None else then(hub)

    return node


def multiply(hub: Hub, words: int = 1000) -> tuple[Any, int, int]:
    channel = TlsChannel(hub, deadline=5.0)

    async def program(session: Session) -> Any:
        ones = public(Z64, session.party, np.full(words, 3, dtype=np.uint64))
        return await open_all(session, await product(session, ones, ones))

    async def whole() -> Any:
        return await program(await establish(channel))

    opened = complete(whole())
    return opened, channel.traffic.rounds, channel.traffic.sent


def servers(made: Any, **options: Any) -> dict[str, Any]:
    plan, identities, certificates = made
    return {n: server(plan, identities[n], certificates, **options) for n in SERVERS}


def test_a_protocol_over_tls_opens_the_right_words_and_counts_its_traffic(tmp_path: Path) -> None:
    found = at_once(**servers(consortium(tmp_path), clients=0, then=multiply))
    for name in SERVERS:
        assert isinstance(found[name], tuple), found
        opened, rounds, sent = found[name]
        assert set(opened.tolist()) == {9}
        assert (rounds, sent) == (3, 32 + 8000 + 8000 + 32)


def test_large_messages_that_cross_do_not_block_each_other(tmp_path: Path) -> None:
    found = at_once(**servers(consortium(tmp_path), clients=0, then=lambda hub: multiply(hub, 2_000_000)))
    assert all(found[n][0].shape == (2_000_000,) for n in SERVERS)


def test_everybody_learns_one_session_and_the_next_run_has_another(tmp_path: Path) -> None:
    made = consortium(tmp_path)
    plan, identities, certificates = made

    def once() -> bytes:
        found = at_once(
            **servers(made, clients=3),
            driver=client(plan, identities["driver"], certificates, learn_session),
            alice=client(plan, identities["alice"], certificates),
            bob=client(plan, identities["bob"], certificates),
        )
        assert found["alice"] == found["bob"]
        sessions = {found[n] for n in (*SERVERS, "driver")}
        assert len(sessions) == 1, found
        return sessions.pop()

    assert once() != once()


def test_an_added_delay_is_felt_in_every_round(tmp_path: Path) -> None:
    started = time.monotonic()
    found = at_once(**servers(consortium(tmp_path), clients=0, then=multiply, delay=0.1))
    assert found["s1"][1] == 3
    assert time.monotonic() - started > 3 * 0.1


def test_a_frame_that_is_still_on_its_way_counts_though_the_sender_has_left(tmp_path: Path) -> None:
    made = consortium(tmp_path)
    plan, identities, certificates = made

    def part(hub: Hub) -> None:
        hub.send("alice", Kind.RECEIPT, b"")
        hub.dismiss("alice")
        hub.pump(0.5)

    def wait(hub: Hub) -> bool:
        return all(hub.receive(name, Kind.RECEIPT, 5.0).kind is Kind.RECEIPT for name in SERVERS)

    def alice() -> Any:
        with Hub(plan, identities["alice"], certificates, delay=0.2).closing() as hub:
            join(hub)
            return wait(hub)

    driver = client(plan, identities["driver"], certificates, learn_session)
    found = at_once(**servers(made, clients=2, then=part), alice=alice, driver=driver)
    assert found["alice"] is True, found


# -- who gets in


def test_a_client_with_a_certificate_of_its_own_making_is_refused(tmp_path: Path) -> None:
    made = consortium(tmp_path, limits={"start_seconds": 2.0, "step_seconds": 2.0})
    plan, _, certificates = made
    stranger = create_identity("alice", tmp_path / "stranger")
    heard: list[str] = []
    found = at_once(**servers(made, clients=1, note=heard.append), alice=client(plan, stranger, certificates))
    assert isinstance(found["alice"], PeerError)
    # The refusal comes after TLS 1.3's handshake, so a reset may overtake the server's last word.
    assert any(words in str(found["alice"]) for words in ("refused us", "left before it was done"))
    assert all("alice, bob, driver did not come within 2 s" in str(found[n]) for n in SERVERS)
    assert any("refused a connection" in words for words in heard)


@pytest.mark.parametrize("days", [(-30, 1), (5, 30)], ids=["expired", "not yet valid"])
def test_a_certificate_outside_its_days_is_refused(tmp_path: Path, days: tuple[int, int]) -> None:
    start = dt.datetime.now(dt.UTC) + dt.timedelta(days=days[0])
    old = create_identity("alice", tmp_path / "old", valid_from=start, days=days[1])
    plan, identities, certificates = consortium(tmp_path, limits={"start_seconds": 2.0, "step_seconds": 2.0})
    tree = plan.to_dict()
    tree["parties"][3]["fingerprint"] = old.fingerprint
    plan, certificates = Plan(tree), {**certificates, "alice": old.pem}
    found = at_once(**servers((plan, identities, certificates), clients=1), alice=client(plan, old, certificates))
    assert isinstance(found["alice"], PeerError)
    assert all(isinstance(found[n], PeerError) for n in SERVERS)


def test_a_server_with_another_certificate_is_named(tmp_path: Path) -> None:
    plan, identities, certificates = consortium(tmp_path, limits={"start_seconds": 3.0})
    impostor = create_identity("s1", tmp_path / "impostor")
    found = at_once(
        s1=server(plan, impostor, certificates, clients=0), s2=server(plan, identities["s2"], certificates, clients=0)
    )
    assert isinstance(found["s2"], PeerError)
    assert "does not show the valid certificate that the plan names for s1" in str(found["s2"])


def test_who_somebody_is_follows_from_its_certificate(tmp_path: Path) -> None:
    """Bob's certificate makes whoever holds it Bob, whatever else he says he is."""
    made = consortium(tmp_path)
    plan, identities, certificates = made
    swapped = Identity("alice", identities["bob"].certificate, identities["bob"].key)
    found = at_once(**servers(made, clients=1), alice=client(plan, swapped, certificates))
    assert isinstance(found["alice"], PeerError | IntegrityError)
    assert "IntegrityError: a frame from bob says to be from party 3" in "\n".join(
        f"{type(found[n]).__name__}: {found[n]}" for n in SERVERS
    )


def test_an_older_tls_is_refused(tmp_path: Path) -> None:
    from fairshare.mpc.wire.tls import accepting, dialling

    one = create_identity("s1", tmp_path)
    for context in (accepting(one, [one.pem]), dialling(one, one.pem)):
        assert context.minimum_version == context.maximum_version == ssl.TLSVersion.TLSv1_3
        assert context.verify_mode == ssl.CERT_REQUIRED


def test_keys_are_for_their_owner_only(tmp_path: Path) -> None:
    one = create_identity("s1", tmp_path)
    assert one.key.stat().st_mode & 0o777 == 0o600
    with pytest.raises(UsageError, match="exists: plans may name its certificate"):
        create_identity("s1", tmp_path)
    one.key.chmod(0o644)
    if os.name == "posix":
        with pytest.raises(UsageError, match="readable by its owner only"):
            Identity.of("s1", tmp_path)


def test_parties_with_different_plans_stop_and_name_the_field(tmp_path: Path) -> None:
    plan, identities, certificates = consortium(tmp_path)
    tree = plan.to_dict()
    tree["privacy"]["epsilon"] = 2.0
    other = Plan(tree)
    found = at_once(
        **servers((plan, identities, certificates), clients=1), alice=client(other, identities["alice"], certificates)
    )
    assert isinstance(found["alice"], IntegrityError)
    assert any("alice has another plan: privacy.epsilon (1.0 here, 2.0 there)" in str(found[n]) for n in SERVERS)


# -- how it ends


def test_a_holder_that_has_shared_can_stop_nobody(tmp_path: Path) -> None:
    """It stays linked after its receipt, and says later that it failed."""
    plan, identities, certificates = consortium(tmp_path)

    def part(hub: Hub) -> Any:
        hub.send("alice", Kind.RECEIPT, b"")
        hub.dismiss("alice")
        time.sleep(0.3)
        opened, *_ = multiply(hub)
        hub.pump(0.5)
        return opened

    def spoil(hub: Hub) -> None:
        for name in SERVERS:
            hub.receive(name, Kind.RECEIPT, 5.0)
        for link in hub.links.values():
            link.queue(Kind.ABORT, Refusal(kind="IntegrityError", message="so there").to_bytes())
            link.write()

    made = plan, identities, certificates
    found = at_once(
        **servers(made, clients=2, then=part),
        alice=client(plan, identities["alice"], certificates, spoil),
        driver=client(plan, identities["driver"], certificates, learn_session),
    )
    for name in SERVERS:
        assert not isinstance(found[name], BaseException), found
        assert set(found[name].tolist()) == {9}


def test_a_peer_that_goes_without_a_word_is_named_at_once(tmp_path: Path) -> None:
    def vanish(hub: Hub) -> None:
        for link in hub.links.values():
            link.connection.close()
            link.gone = True

    plan, identities, certificates = consortium(tmp_path)
    found = at_once(
        s1=server(plan, identities["s1"], certificates, clients=0, then=vanish),
        **{n: server(plan, identities[n], certificates, clients=0, then=multiply) for n in ("s2", "s3")},
    )
    for name in ("s2", "s3"):
        assert isinstance(found[name], PeerError)
    assert any("s1 has gone without a word" in str(found[n]) for n in ("s2", "s3"))


def test_a_silent_peer_is_named_at_the_deadline(tmp_path: Path) -> None:
    plan, identities, certificates = consortium(tmp_path)

    def wait(hub: Hub) -> Any:
        return TlsChannel(hub, deadline=1.0).receive(0, 10)

    found = at_once(
        s1=server(plan, identities["s1"], certificates, clients=0, then=lambda hub: time.sleep(3)),
        **{n: server(plan, identities[n], certificates, clients=0, then=wait) for n in ("s2", "s3")},
    )
    assert any("s1 sent nothing for 1 s" in str(found[n]) for n in ("s2", "s3"))


def forged(hub: Hub, **changes: Any) -> bytes:
    link = hub.links["s2"]
    usual = {
        "kind": Kind.PROTOCOL, "session": link._session, "sender": 0, "receiver": 1, "step": 1,
        "sequence": link._sequence, "length": 4,
    }  # fmt: skip
    return header(**{**usual, **changes}) + b"data"


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"sequence": 0}, "has number 0, must be 1"),
        ({"sequence": 7}, "has number 7, must be 1"),
        ({"session": bytes(32)}, "is of another session"),
        ({"sender": 2}, "says to be from party 2"),
        ({"receiver": 2}, "to party 2"),
        ({"length": 2**31}, "has 2147483648 bytes, must be at most"),
    ],
    ids=["replayed", "reordered", "another session", "another sender", "another receiver", "oversized"],
)
def test_a_wrong_frame_stops_the_run(tmp_path: Path, changes: dict[str, Any], words: str) -> None:
    plan, identities, certificates = consortium(tmp_path)

    def lie(hub: Hub) -> None:
        hub.links["s2"]._outgoing.append(forged(hub, **changes))
        hub.flush(2.0)
        time.sleep(1.0)
        hub.pump(0.0)

    def listen(hub: Hub) -> Any:
        return TlsChannel(hub, deadline=5.0).receive(0, 4)

    found = at_once(
        s1=server(plan, identities["s1"], certificates, clients=0, then=lie),
        **{n: server(plan, identities[n], certificates, clients=0, then=listen) for n in ("s2", "s3")},
    )
    assert isinstance(found["s2"], IntegrityError)
    assert words in str(found["s2"])
    assert isinstance(found["s1"], IntegrityError)  # it is told, and in the same kind


def test_a_truncated_frame_stops_the_run(tmp_path: Path) -> None:
    plan, identities, certificates = consortium(tmp_path)

    def stop_short(hub: Hub) -> None:
        link = hub.links["s2"]
        link._outgoing.append(forged(hub, length=400))
        hub.flush(2.0)
        link.connection.close()
        link.gone = True

    found = at_once(
        s1=server(plan, identities["s1"], certificates, clients=0, then=stop_short),
        **{
            n: server(
                plan, identities[n], certificates, clients=0, then=lambda h: TlsChannel(h, deadline=5.0).receive(0, 4)
            )
            for n in ("s2", "s3")
        },
    )
    assert isinstance(found["s2"], PeerError)
    assert "cut off inside a message" in str(found["s2"])
