"""DNA: the order of two motifs on either strand, which no count of k-mers can tell."""

from __future__ import annotations

from pathlib import Path

from lines import WORK, Measured, beside, line, train

from throughtime.synthetic.motifs import write_motifs

LENGTHS = {"dna": (40, 60), "dna-long": (60, 90)}  # by run, the shortest and the longest sequence


@line("dna")
def motifs(data: Path) -> Measured:
    told, passed = [], True
    for name, (shortest, longest) in LENGTHS.items():
        path = write_motifs(WORK / "dna-data" / f"{name}.fasta", shortest=shortest, longest=longest)
        found = train(path, WORK / name, "--output", "label", "--set", "reverse_complement=tied")
        accuracy = found["test"]["accuracy"]
        counts = {name: figures["accuracy"] for name, figures in found["baselines"].items() if name.endswith("_kmers")}
        passed = passed and accuracy >= 0.98 and max(counts.values()) <= 0.60
        minutes = f"{found['seconds'] / 60:.1f} min"
        told.append(f"{shortest} to {longest} letters: {accuracy:.4f} in {minutes}; {beside(found, *counts)}")
    return {
        "bar": "accuracy at least 0.98, the best baseline of k-mers at most 0.60",
        "reached": "; ".join(told),
        "passed": passed,
    }
