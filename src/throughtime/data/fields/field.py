"""The contract of a field, a column between the user's values and the network's tensors; the registry of kinds."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, ClassVar, Protocol, TypeVar, runtime_checkable

from throughtime.data.settings import DataSettings
from throughtime.errors import Place
from throughtime.registry import Registry

if TYPE_CHECKING:
    from torch import Tensor

    from throughtime.batch import Sequences

F = TypeVar("F", bound="Field")
Where = Callable[[int], Place]


@runtime_checkable
class Field(Protocol):
    """One column: fitted on training values, then values to encoded ones, batches of these to tensors, and back."""

    kind: ClassVar[str]
    stepwise: ClassVar[bool]  # whether it holds a sequence, with a value at every step

    @property
    def column(self) -> str:
        """The column's name."""

    @property
    def notes(self) -> tuple[str, ...]:
        """What was decided while fitting, in sentences for the user."""

    @classmethod
    def fit(
        cls: type[F], column: str, values: Sequence[Any], where: Where, settings: DataSettings, *, output: bool = False
    ) -> F:
        """Fit on the training split only; ``where(i)`` is the place of value i, ``output``: it is to be learnt."""

    def encode(self, value: Any, place: Place) -> Any:
        """One value, ready to be collated; a DataError with this place if it does not fit."""

    def collate(self, encoded: Sequence[Any]) -> Tensor | Sequences:
        """Encoded values of B rows to a tensor (B, ...) or padded sequences."""

    def length(self, encoded: Any) -> int:
        """Time steps of an encoded value; 1 for what has no time."""

    def decode(self, x: Any) -> Any:
        """Back to a plain Python value in the user's terms."""

    def to_json(self) -> dict[str, Any]:
        """Plain JSON with ``kind`` and ``column`` in it."""

    @classmethod
    def from_json(cls: type[F], saved: dict[str, Any]) -> F:
        """The field that :meth:`to_json` wrote."""


fields: Registry[type[Field]] = Registry("kind of column", "throughtime.data.fields")
