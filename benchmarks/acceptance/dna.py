"""DNA: the order of two motifs on either strand, which no count of k-mers can tell."""

from __future__ import annotations

from pathlib import Path

from lines import WORK, Measured, beside, line, train

from throughtime.synthetic.motifs import write_motifs


@line("dna")
def motifs(data: Path) -> Measured:
    path, run = WORK / "dna-data" / "motifs.fasta", WORK / "dna"
    write_motifs(path)
    found = train(path, run, "--output", "label", "--set", "reverse_complement=tied")
    accuracy = found["test"]["accuracy"]
    counts = {name: figures["accuracy"] for name, figures in found["baselines"].items() if name.endswith("_kmers")}
    return {
        "bar": "accuracy at least 0.98, the best baseline of k-mers at most 0.60",
        "reached": f"{accuracy:.4f} in {found['seconds'] / 60:.1f} min; {beside(found, *counts)}",
        "passed": accuracy >= 0.98 and max(counts.values()) <= 0.60,
    }
