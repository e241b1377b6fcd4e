"""What a cell's equations are written with; the same words act on symbols and on tensors.

On tensors a step computes (it is the reference by definition); on symbols it is recorded.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, TypeVar, overload

from throughtime.cells.equations.graph import Node
from throughtime.errors import UsageError

if TYPE_CHECKING:
    from torch import Tensor


NORM_EPSILON = 1e-5
_WORDS = "use the words of throughtime.cells: sigmoid tanh relu exp sqrt mean norm"


class Recorder:
    """Collects the nodes of one step, beginning with those given; equal nodes are kept once."""

    def __init__(self, nodes: Sequence[Node] = ()) -> None:
        self.nodes: list[Node] = list(nodes)
        self._index = {node: index for index, node in reversed(list(enumerate(nodes)))}

    def symbol(self, node: Node) -> Symbol:
        if node not in self._index:
            self._index[node] = len(self.nodes)
            self.nodes.append(node)
        return Symbol(self, self._index[node])

    def constant(self, value: float) -> Symbol:
        return self.symbol(Node("constant", value=float(value)))


class Symbol:
    """A quantity of one time step that is being recorded; it has no numbers yet."""

    __slots__ = ("index", "recorder")
    __array_ufunc__ = None  # numbers of NumPy leave the arithmetic to the symbol

    def __init__(self, recorder: Recorder, index: int) -> None:
        self.recorder, self.index = recorder, index

    @property
    def node(self) -> Node:
        return self.recorder.nodes[self.index]

    def __add__(self, other: Symbol | float) -> Symbol:
        return self if _is(other, 0) else self._binary("add", self, other)

    def __radd__(self, other: float) -> Symbol:
        return self if _is(other, 0) else self._binary("add", other, self)

    def __sub__(self, other: Symbol | float) -> Symbol:
        return self if _is(other, 0) else self._binary("sub", self, other)

    def __rsub__(self, other: float) -> Symbol:
        return self._binary("sub", other, self)

    def __mul__(self, other: Symbol | float) -> Symbol:
        return self if _is(other, 1) else self._binary("mul", self, other)

    def __rmul__(self, other: float) -> Symbol:
        return self if _is(other, 1) else self._binary("mul", other, self)

    def __truediv__(self, other: Symbol | float) -> Symbol:
        return self._binary("div", self, other)

    def __rtruediv__(self, other: float) -> Symbol:
        return self._binary("div", other, self)

    def __neg__(self) -> Symbol:
        return self.recorder.symbol(Node("neg", (self.quantity(),)))

    def __matmul__(self, other: Symbol) -> Symbol:
        if not isinstance(other, Symbol):
            raise UsageError("a linear map is applied to the input, a state or a result: p.W @ x")
        if not self.node.is_map:
            what = f'"{self.node.name}"' if self.node.name else "the left side"
            raise UsageError(f"{what} of @ is not a linear map; give a linear map a capital: p.W @ x")
        return self.recorder.symbol(Node("product", (self.index, other.quantity())))

    def quantity(self) -> int:
        """The index of what has values at a step; a linear map has none before it is applied."""
        if self.node.is_map:
            raise UsageError(f'the linear map "{self.node.name}" stands alone; apply it: p.{self.node.name} @ x')
        return self.index

    def _branch(self, *_: object) -> bool:
        raise UsageError(
            "a step is recorded once, for all inputs, so it cannot branch on a value with `if`, `and`, `or` or `not`; "
            "write the choice as arithmetic, for instance with relu or a gate"
        )

    __bool__ = __lt__ = __le__ = __gt__ = __ge__ = __eq__ = __ne__ = _branch
    __hash__ = None  # type: ignore[assignment]

    def __float__(self) -> float:
        raise UsageError(f"a quantity of a step has no number while it is recorded; {_WORDS}")

    __int__ = __index__ = __complex__ = __float__

    def __pow__(self, power: object) -> Symbol:
        raise UsageError("** is not part of the language of cells; multiply, or use sqrt")

    def __getattr__(self, name: str) -> Any:
        raise UsageError(f"a quantity of a step has no .{name}; {_WORDS}")

    @classmethod
    def __torch_function__(cls, function: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        name = getattr(function, "__name__", str(function))
        raise UsageError(f"torch's {name} cannot be recorded; {_WORDS}")

    def _binary(self, op: str, left: Symbol | float, right: Symbol | float) -> Symbol:
        sides = []
        for side in (left, right):
            if isinstance(side, Symbol):
                sides.append(side.quantity())
            elif isinstance(side, int | float):
                sides.append(self.recorder.constant(side).index)
            else:
                raise UsageError(f"a step computes with numbers and its own quantities, not with {type(side).__name__}")
        return self.recorder.symbol(Node(op, tuple(sides)))


class Parameters:
    """``p`` of a step that is being recorded: a name that appears is a parameter.

    With ``bias=False`` every name that begins with ``b`` is the number 0, and leaves the equations.
    """

    def __init__(self, recorder: Recorder, bias: bool) -> None:
        self._recorder, self._bias = recorder, bias

    def __getattr__(self, name: str) -> Symbol | float:
        if name.startswith("b") and not self._bias:
            return 0.0
        return self._recorder.symbol(Node("parameter", name=name))


Q = TypeVar("Q", "Symbol", "Tensor")


def sigmoid(v: Q) -> Q:
    """σ(v) = 1 / (1 + e^(-v))."""
    return _apply("sigmoid", v)


def tanh(v: Q) -> Q:
    """tanh(v) = 2 / (1 + e^(-2v)) - 1."""
    return _apply("tanh", v)


def relu(v: Q) -> Q:
    """max(v, 0)."""
    return _apply("relu", v)


def exp(v: Q) -> Q:
    """e^v."""
    return _apply("exp", v)


def sqrt(v: Q) -> Q:
    """The square root."""
    return _apply("sqrt", v)


def mean(v: Q) -> Q:
    """The mean over a sample's features; combined with a vector it stands for each of its entries."""
    return _apply("mean", v)


def norm(v: Q) -> Q:
    """Layer normalisation without gain and shift: (v - mean(v)) / sqrt(mean((v - mean(v))²) + 1e-5)."""
    return _apply("norm", v)


def identity(v: Q) -> Q:
    """v itself: the activation of a linear recurrence."""
    return v


ACTIVATIONS = {"sigmoid": sigmoid, "tanh": tanh, "relu": relu, "identity": identity}


@overload
def _apply(op: str, v: Symbol) -> Symbol: ...
@overload
def _apply(op: str, v: Tensor) -> Tensor: ...
def _apply(op: str, v: Any) -> Any:
    if isinstance(v, Symbol):
        return v.recorder.symbol(Node(op, (v.quantity(),)))
    if isinstance(v, int | float):
        raise UsageError(f"{op} of the number {v:g}; with bias=no every name that begins with b is the number 0")
    return evaluate(op, v)


def evaluate(op: str, v: Tensor) -> Tensor:
    """One operation on a tensor ``(B, *features)``."""
    if op in ("mean", "norm"):
        features = tuple(range(1, v.dim()))
        average = v.mean(dim=features, keepdim=True)
        if op == "mean":
            return average
        centred = v - average
        return centred / (centred.square().mean(dim=features, keepdim=True) + NORM_EPSILON).sqrt()
    return getattr(v, op)()


def _is(value: object, number: int) -> bool:
    return isinstance(value, int | float) and value == number
