"""MIDI by hand, from the standard alone: a strict parser of what we write, and files that no library would write."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from fractions import Fraction


@dataclass(frozen=True)
class Parsed:
    """Ticks of a beat, microseconds of a beat, notes as (note, first tick, last tick), and the tick of the end."""

    division: int
    tempo: int | None
    notes: list[tuple[int, int, int]]
    end: int


def parsed(data: bytes) -> Parsed:
    """A file of type 0, every byte of it accounted for: lengths of chunks, pairs of beginnings and ends, the end."""
    assert data[:4] == b"MThd" and struct.unpack(">L", data[4:8]) == (6,)
    kind, tracks, division = struct.unpack(">HHH", data[8:14])
    assert kind == 0 and tracks == 1 and 0 < division < 1 << 15
    assert data[14:18] == b"MTrk"
    (size,) = struct.unpack(">L", data[18:22])
    track = data[22:]
    assert len(track) == size, "the chunk is as long as it says, and the last"
    at, now, status, tempo = 0, 0, 0, None
    begun: dict[int, int] = {}
    notes = []
    while True:
        delta, at = _number(track, at)
        now += delta
        if track[at] == 0xFF:
            meta, (length, at) = track[at + 1], _number(track, at + 2)
            value, at, status = track[at : at + length], at + length, 0
            assert len(value) == length
            if meta == 0x2F:
                assert length == 0 and at == size, "the end of the track is the last that stands in it"
                assert not begun, "every note ends"
                return Parsed(division, tempo, sorted(notes, key=lambda one: (one[1], one[0])), now)
            assert meta == 0x51 and length == 3 and now == 0
            tempo = int.from_bytes(value)
            continue
        if track[at] & 0x80:
            status, at = track[at], at + 1
        assert status in (0x80, 0x90), "a beginning or an end in the first channel"
        note, velocity, at = track[at], track[at + 1], at + 2
        assert note < 128 and velocity < 128
        if status == 0x90 and velocity:
            assert note not in begun, "no note begins that sounds already"
            begun[note] = now
        else:
            notes.append((note, begun.pop(note), now))


def _number(track: bytes, at: int) -> tuple[int, int]:
    """A number of variable length, of four bytes at most, and the place behind it."""
    value = 0
    for k in range(4):
        value = value << 7 | track[at + k] & 0x7F
        if not track[at + k] & 0x80:
            return value, at + k + 1
    raise AssertionError("a number of more than four bytes")


def frames(found: Parsed, frame: Fraction) -> list[list[int]]:
    """What sounds in each frame, which must begin where notes do."""
    ticks = 4 * frame * found.division
    assert ticks.denominator == 1 and found.end % ticks == 0
    count = found.end // int(ticks)
    assert all(begin % ticks == 0 == end % ticks for _, begin, end in found.notes)
    return [
        [n for n in range(128) if any(_sounds(one, n, k * int(ticks)) for one in found.notes)] for k in range(count)
    ]


def _sounds(one: tuple[int, int, int], note: int, tick: int) -> bool:
    return one[0] == note and one[1] <= tick < one[2]


def file(*tracks: bytes, kind: int = 1, division: int = 4, count: int | None = None) -> bytes:
    """A file of these tracks, each without its end."""
    head = b"MThd" + struct.pack(">LHHH", 6, kind, len(tracks) if count is None else count, division & 0xFFFF)
    ended = [track + b"\x00\xff\x2f\x00" for track in tracks]
    return head + b"".join(b"MTrk" + struct.pack(">L", len(track)) + track for track in ended)


def on(delta: int, note: int, velocity: int = 64, channel: int = 0) -> bytes:
    return bytes([delta, 0x90 | channel, note, velocity])


def off(delta: int, note: int, channel: int = 0) -> bytes:
    return bytes([delta, 0x80 | channel, note, 0])


def tempo(delta: int, microseconds: int) -> bytes:
    return bytes([delta, 0xFF, 0x51, 3]) + microseconds.to_bytes(3)
