"""Letters."""

from __future__ import annotations

import numpy as np

from throughtime.use.inspect.units.annotations.annotation import annotates


@annotates("yes/no")
def upper_case(text: str) -> np.ndarray:
    """An upper case letter.

    >>> upper_case("McX")
    array([ True, False,  True])
    """
    return np.fromiter(map(str.isupper, text), dtype=bool, count=len(text))
