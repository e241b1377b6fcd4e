"""The laboratory of vanishing gradients: what fails and what succeeds at long lags, and the grammar of 1997."""

from __future__ import annotations

from pathlib import Path

from lines import WORK, Measured, line


@line("laboratory")
def laboratory(data: Path) -> Measured:
    from throughtime.laboratory import build, investigate, sentences
    from throughtime.laboratory.counting import at, by_name, mean_sequences, solved
    from throughtime.laboratory.grammar import PUBLISHED

    found = investigate(say=lambda sentence: print(f"   {sentence}", flush=True))
    page = WORK / "laboratory" / "gradients.html"
    page.parent.mkdir(parents=True, exist_ok=True)
    page.write_text(build(found), encoding="utf-8")
    adding = by_name(at(found.adding, max(found.size.adding_lags)))
    latch = by_name(at(found.latch, max(found.size.latch_lags)))
    succeed = [*adding["LSTM"], *latch["LSTM 1997"]]
    fail = [*adding["RNN"], *latch["RNN"]]
    strings = mean_sequences(found.grammar)
    print("\n".join(sentences(found)), flush=True)
    return {
        "bar": "at the longest lags the RNN fails and the LSTM succeeds, every seed; the LSTM of 1997 learns the "
        f"embedded Reber grammar, every seed ({PUBLISHED:,} strings in 1997)",
        "reached": f"adding {max(found.size.adding_lags)}: RNN {solved(adding['RNN'])}, LSTM {solved(adding['LSTM'])}; "
        f"latch {max(found.size.latch_lags)}: RNN {solved(latch['RNN'])}, LSTM 1997 {solved(latch['LSTM 1997'])}; "
        f"embedded Reber {solved(found.grammar)}, {strings or 0:,} strings on average; {found.seconds:.0f} s",
        "passed": all(trial.learned.solved for trial in [*succeed, *found.grammar])
        and not any(trial.learned.solved for trial in fail),
    }
