"""Files beside the one that is meant: two writers at once, and one that takes the other's away."""

from __future__ import annotations

import fcntl
from threading import Thread

from passo.ground.beside import beside


def test_two_write_beside_one_file_at_once_and_neither_waits(tmp_path):
    target, seen = tmp_path / "note.txt", []

    def second():
        with beside(target) as (_, path):
            seen.append(sorted(tmp_path.iterdir()) == sorted([first, path]))

    with beside(target) as (_, first):
        other = Thread(target=second, daemon=True)
        other.start()
        other.join(20)
        assert seen == [True]
        assert first.exists()
    assert list(tmp_path.iterdir()) == []


def test_a_file_that_was_taken_away_before_it_was_held_is_made_again(tmp_path, monkeypatch):
    hold, taken = fcntl.flock, []

    def late(file, how):
        if not taken:
            taken.extend(tmp_path.iterdir())
            taken[0].unlink()
        hold(file, how)

    monkeypatch.setattr(fcntl, "flock", late)
    with beside(tmp_path / "note.txt") as (file, path):
        file.write(b"new")
        file.flush()
        assert path.read_bytes() == b"new"
    assert len(taken) == 1
