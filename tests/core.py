"""The smallest way from a table to an answer; run by `make core` in an environment that has no test tools."""

import importlib.util
import tempfile
from pathlib import Path

import throughtime as tt

assert importlib.util.find_spec("pytest") is None and importlib.util.find_spec("pandas") is None
folder = Path(tempfile.mkdtemp())
rows = [f"{word * n},{word}" for word in ("ab", "ba") for n in range(1, 31)]
(folder / "table.csv").write_text("text,label\n" + "\n".join(rows) + "\n")
trained = tt.train(folder / "table.csv", folder / "run", output="label", epochs=2, hidden_size=8)
print(trained.verdict)
print(trained.predict(["ababab"]))
assert trained.run.report.exists()
