"""Music: made by rules, learnt as notes a frame, and made anew as MIDI."""

from __future__ import annotations

import subprocess
from pathlib import Path

from lines import PROGRAM, WORK, Measured, beside, line, train

from throughtime import load
from throughtime.synthetic.two_voices import write_json, write_midi

FRAMES = 256


@line("music")
def music(data: Path) -> Measured:
    """Two voices from JSON and the same from MIDI; what is generated is read by the library and by another program."""
    import mido

    run, folder = WORK / "music", WORK / "music-data"
    found = train(write_json(folder / "two-voices.json"), run, "--set", "frame=1/8")
    same = train(write_midi(folder / "midi"), WORK / "music-midi", "--set", "frame=1/8", "--epochs", "1")
    made = WORK / "music.mid"
    made.unlink(missing_ok=True)
    subprocess.run(
        [PROGRAM, "generate", str(run), "--length", str(FRAMES), "--output", str(made)],
        check=True,
        stdout=subprocess.DEVNULL,
    )
    trained = load(run)
    frames = trained.prompted(str(made)).frames
    drawn = [trained.fields["notes"].start, *map(tuple, trained.compose(length=FRAMES))]  # type: ignore[attr-defined]
    heard = mido.MidiFile(made)
    struck = sum(len(set(now) - set(before)) for before, now in zip([(), *frames], frames, strict=False))
    notes = sum(message.type == "note_on" and message.velocity > 0 for message in heard)
    alike = list(frames) == drawn and notes == struck
    nll, figures = found["test"]["nll"], found["baselines"]
    return {
        "bar": "nll below that of both baselines; MIDI that generate writes is read back alike by us and by mido",
        "reached": f"{nll:.3f} nats a frame in {found['seconds']:.0f} s; {beside(found, of=('nll',))}; "
        f"{len(frames):,} frames read back {'alike' if alike else 'otherwise'}, {notes} notes and {heard.length:.1f} s "
        f"in mido; from MIDI {same['steps']['test']:,} test frames, from JSON {found['steps']['test']:,}",
        "passed": alike and all(nll < one["nll"] for one in figures.values()) and same["steps"] == found["steps"],
    }
