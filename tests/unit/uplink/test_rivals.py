"""Who else has our name: what proves it, what makes it likely, and what does neither."""

from __future__ import annotations

from gateway.edge.rivals import PEACE, ROUNDS, SHORT, Rivals
from gateway.mqtt import Cause
from gateway.wire import Status

OURS, THEIRS = 1_000_000, 1_000_500


def here(*, sessions: int = 1) -> Rivals:
    rivals = Rivals()
    for _ in range(sessions):
        rivals.say(OURS)
        rivals.joined()
    return rivals


def status(since: int, *, online: bool = True) -> Status:
    return Status(online, since, "1", "boot")


def closed(rivals: Rivals, times: int, lasted: float = 1.0) -> list[bool]:
    return [rivals.ended(Cause.CLOSED, lasted, suspicious=False) for _ in range(times)]


class TestProof:
    def test_our_own_status_comes_back(self) -> None:
        assert not here(sessions=2).hears(status(OURS), retained=True)

    def test_another_s_status_while_we_are_connected_is_proof_and_told_once(self) -> None:
        rivals = here()
        assert rivals.hears(status(THEIRS), retained=False)
        assert rivals.fighting
        assert not rivals.hears(status(THEIRS + 1), retained=False)

    def test_what_the_broker_kept_from_before_us_is_none(self) -> None:
        assert not here().hears(status(THEIRS), retained=True)

    def test_what_it_kept_when_we_come_back_is(self) -> None:
        assert here(sessions=2).hears(status(THEIRS), retained=True)
        assert here(sessions=2).hears(status(THEIRS, online=False), retained=True)

    def test_the_will_of_the_process_before_us_is_none(self) -> None:
        assert not here().hears(status(THEIRS, online=False), retained=False)

    def test_an_old_status_that_a_broker_dug_out_of_its_last_save_is_none(self) -> None:
        assert not here(sessions=2).hears(status(OURS - 1), retained=True)


class TestSuspicion:
    def test_sessions_that_are_closed_soon_and_again_and_again(self) -> None:
        assert closed(here(), ROUNDS) == [False] * (ROUNDS - 1) + [True]

    def test_a_link_that_is_down_in_between_explains_them(self) -> None:
        rivals = here()
        for _ in range(ROUNDS):
            closed(rivals, ROUNDS - 1)
            rivals.ended(Cause.UNREACHED, None, suspicious=False)
        assert not rivals.fighting

    def test_so_do_a_silence_and_a_message_that_the_broker_dislikes(self) -> None:
        rivals = here()
        for _ in range(ROUNDS):
            closed(rivals, ROUNDS - 1)
            rivals.ended(Cause.SILENT, 1.0, suspicious=False)
            closed(rivals, ROUNDS - 1)
            rivals.ended(Cause.CLOSED, 1.0, suspicious=True)
        assert not rivals.fighting

    def test_longer_sessions_do_not_count(self) -> None:
        assert not any(closed(here(), 3 * ROUNDS, lasted=SHORT + 1))

    def test_a_refusal_in_between_says_nothing(self) -> None:
        rivals = here()
        for _ in range(ROUNDS):
            rivals.ended(Cause.REFUSED, None, suspicious=False)
            closed(rivals, 1)
        assert rivals.fighting

    def test_peace_is_a_long_session(self) -> None:
        rivals = here()
        closed(rivals, ROUNDS)
        rivals.ended(Cause.CLOSED, PEACE - 1, suspicious=False)
        assert rivals.fighting
        rivals.ended(Cause.CLOSED, PEACE + 1, suspicious=False)
        assert not rivals.fighting
