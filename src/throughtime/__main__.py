"""The program ``throughtime`` as a module: ``torchrun -m throughtime train ...`` starts it in several processes."""

from __future__ import annotations

from throughtime.cli import main

if __name__ == "__main__":
    main()
