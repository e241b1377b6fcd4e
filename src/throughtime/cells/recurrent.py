"""Recurrent layers: any cell, stacked, in one or both directions, with every kind of dropout."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import torch
from torch import Tensor, nn

from throughtime.batch import Draw
from throughtime.cells.cell import Cell, form
from throughtime.cells.engine import ENGINES, choose, default_engine
from throughtime.cells.engine.contract import State
from throughtime.cells.engine.native.untraced import untraced
from throughtime.cells.equations.graph import Graph
from throughtime.cells.equations.parameters import Sizes, has_own_output, recurrent_maps, stacks
from throughtime.cells.equations.parameters import parameters as cell_parameters
from throughtime.cells.initialisation import initialise
from throughtime.cells.layers import Direction, Layers, Look, Watch, directions
from throughtime.cells.streaming import Ready, Stream
from throughtime.cells.traced import Traced
from throughtime.errors import UsageError, unknown


class Recurrent(nn.Module):
    """Layers of a recurrent cell over padded sequences.

    Arguments:
        cell: a registered name with its form (``"gru"``, ``"lstm:activation=sigmoid"``), a :class:`Cell`, or a graph.
        input_size: features of a step; for a convolutional cell ``(channels, height, width)``.
        hidden_size: units of a state; for a convolutional cell channels.
        num_layers, bidirectional: as in torch; both directions of a layer are joined, forward first.
        output_size: size of the cell's own output, for cells that have one (``"rnn:output=yes"``); else hidden_size.
        dropout: on the input of every layer but the first; ``locked`` keeps its mask over all steps
            (Gal and Ghahramani 2016).
        recurrent_dropout: on what enters the recurrent products, one mask for all steps (Gal and Ghahramani 2016).
        zoneout: the share of units that keep their old state at a step (Krueger et al. 2017); in evaluation the mean.
        drop_connect: on the recurrent maps themselves, one mask an update (Merity, Keskar and Socher 2018).
        state_clip: bounds every value of a state after each step, to ``-state_clip .. state_clip``.
        residual: adds its input to the output of every layer but the first.
        learned_state: the first state is learned; else it is 0.
        initialisation, forget_bias: see :mod:`throughtime.cells.initialisation`.
        kernel_size: of a convolutional cell's maps, odd; by default 3.
        checkpoint_time: in training only the states before every so many steps are kept, and the steps between are run
            again on the way back: a third more time, and memory for so many steps.
        bf16: products take numbers rounded to bfloat16; weights, sums and states stay float32.
        engine: auto, native, torch or reference; by default what the environment says.
        place: names this module in the key of its random masks; two in one network need two places.
        generator: draws the first weights; by default torch's own.

    Shapes: ``x (B, T, *input_size)``, ``lengths (B,)`` in any order, 0 allowed; the state is a tuple with one
    ``(num_layers * directions, B, hidden_size, *space)`` for each of the cell's states, in torch's order of layers.

    >>> import torch
    >>> layer = Recurrent("gru", input_size=3, hidden_size=5, bidirectional=True)
    >>> output, (h,) = layer(torch.randn(2, 7, 3), lengths=torch.tensor([7, 4]))
    >>> output.shape, h.shape
    (torch.Size([2, 7, 10]), torch.Size([2, 2, 5]))
    """

    def __init__(
        self,
        cell: str | Cell | Graph,
        input_size: int | Sequence[int],
        hidden_size: int,
        *,
        num_layers: int = 1,
        bidirectional: bool = False,
        output_size: int | None = None,
        dropout: float = 0.0,
        locked: bool = False,
        recurrent_dropout: float = 0.0,
        zoneout: float = 0.0,
        drop_connect: float = 0.0,
        state_clip: float | None = None,
        residual: bool = False,
        learned_state: bool = False,
        initialisation: str = "orthogonal",
        forget_bias: float | None = None,
        kernel_size: int | None = None,
        checkpoint_time: int | None = None,
        bf16: bool = False,
        engine: str | None = None,
        place: str = "recurrent",
        generator: torch.Generator | None = None,
    ) -> None:
        super().__init__()
        self.graph = form(cell)
        self.hidden_size, self.num_layers, self.bidirectional = hidden_size, num_layers, bidirectional
        self.dropout, self.locked = dropout, locked
        self.recurrent_dropout, self.zoneout, self.drop_connect = recurrent_dropout, zoneout, drop_connect
        self.state_clip, self.residual, self.learned_state = state_clip, residual, learned_state
        self.initialisation, self.forget_bias = initialisation, forget_bias
        self.checkpoint_time, self.bf16 = checkpoint_time, bf16
        self.engine, self.place = default_engine() if engine is None else engine, place
        self.watch: Watch | None = None
        self.look: Look | None = None
        self._check()
        self.directions = self._directions(input_size, output_size, kernel_size)
        for direction in self.directions:
            for stack in stacks(self.graph):
                shape = stack.shape(direction.sizes)
                self.register_parameter(stack.name + direction.suffix, nn.Parameter(torch.empty(shape)))
            if learned_state:
                for name in self.graph.states:
                    start = torch.empty(hidden_size, *direction.sizes.space)
                    self.register_parameter(f"initial_{name}{direction.suffix}", nn.Parameter(start))
        self._traced, self._ready = Traced(self.layers), Ready()
        self.reset_parameters(generator)

    def reset_parameters(self, generator: torch.Generator | None = None) -> None:
        """Draw all weights anew, as ``initialisation`` says; a learned first state begins as 0."""
        for direction in self.directions:
            tensors = {name: weight.detach() for name, weight in self.weights(direction).items()}
            initialise(self.graph, direction.sizes, tensors, self.initialisation, self.forget_bias, generator)
            for name in self.graph.states if self.learned_state else ():
                nn.init.zeros_(getattr(self, f"initial_{name}{direction.suffix}"))

    @property
    def layers(self) -> Layers:
        """What runs, without its weights."""
        return Layers(
            self.graph,
            self.directions,
            self.dropout,
            self.locked,
            self.recurrent_dropout,
            self.zoneout,
            self.drop_connect,
            self.state_clip,
            self.residual,
            self.checkpoint_time,
            self.engine,
            self.place,
            self.bf16,
        )

    @property
    def input_size(self) -> int:
        return self.directions[0].sizes.input_size

    @property
    def output_size(self) -> int:
        """Features of the output: both directions together."""
        return self.directions[0].sizes.output_size * (2 if self.bidirectional else 1)

    def weights(self, direction: Direction) -> dict[str, Tensor]:
        """The stored tensors of one layer and direction by stack name."""
        return {stack.name: getattr(self, stack.name + direction.suffix) for stack in stacks(self.graph)}

    def zero_state(self, x: Tensor) -> State:
        """The state before the first step of ``x (B, T, ...)``: 0, or what was learned."""
        batch, space = x.shape[0], x.shape[3:]
        if not self.learned_state:
            shape = (len(self.directions), batch, self.hidden_size, *space)
            return tuple(x.new_zeros(shape) for _ in self.graph.states)
        starts = [[getattr(self, f"initial_{name}{d.suffix}") for d in self.directions] for name in self.graph.states]
        return tuple(torch.stack(rows)[:, None].expand(-1, batch, *rows[0].shape) for rows in starts)

    def forward(
        self, x: Tensor, lengths: Tensor | None = None, state: State | None = None, draw: Draw | None = None
    ) -> tuple[Tensor, State]:
        """Run all layers; returns the output ``(B, T, output_size, *space)``, 0 after each length, and the state.

        In training random masks follow ``draw``; without one they are drawn by torch's own generator.
        """
        if draw is None and self._traced.sees(x):
            weights = [[getattr(self, name + end) for name in self._traced.stacks] for end in self._traced.suffixes]
            before = self.zero_state(x) if state is None else state
            return self._traced.run(weights, x, lengths, before, self.training)
        output, new_state, _ = self._run(x, lengths, state, draw, ())
        return output, new_state

    @untraced
    def step(self, x: Tensor, state: State | None = None) -> tuple[Tensor, State]:
        """One step of a stream, without gradients: ``x (B, *input_size)`` and the state before it, at first none.

        Returns the output ``(B, output_size)`` and the new state, the same numbers as a call with one step has. The
        weights are made ready at the first step, and again once they have changed (not through ``.data``, which keeps
        no count of changes).

        >>> import torch
        >>> layer, state = Recurrent("gru", 3, 5).eval(), None
        >>> for x in torch.randn(4, 1, 3):
        ...     output, state = layer.step(x, state)
        >>> output.shape
        torch.Size([1, 5])

        Raises UsageError for a layer in both directions, which knows no step before the end, and in training with
        random masks, which belong to a place in a sequence.
        """
        stream = self._ready.stream
        if stream is None or not stream.fits(self, self.engine, x):
            stream = self._stream(x)
        return stream.step(x, self.zero_state(x.detach()[:, None]) if state is None else state, self)

    def _stream(self, x: Tensor) -> Stream:
        self._check_step(x)
        with torch.no_grad():
            stream = Stream(self, self.layers, self.weights, x, self.zero_state(x[:, None]))
        self._ready.stream = stream
        return stream

    def _check_step(self, x: Tensor) -> None:
        if self.bidirectional:
            raise UsageError("a step is not defined for a layer in both directions: one of them begins at the end")
        if self.training and self._fresh(x, None) is not None:
            raise UsageError("step has no random masks, and this layer is in training with some; call eval() first")
        self._check_input(x[:, None], None, None)

    def record(
        self,
        x: Tensor,
        lengths: Tensor | None = None,
        state: State | None = None,
        draw: Draw | None = None,
        names: Sequence[str] = (),
    ) -> dict[str, Tensor]:
        """Any named quantities of the cell over time: ``{"l0.f": (B, T, hidden_size), "l0_reverse.f": ...}``.

        ``names`` are the cell's own (``throughtime cells lstm`` prints them), all of them by default.
        """
        known = [*dict(self.graph.names), *(s for s in self.graph.states if s not in dict(self.graph.names))]
        for name in names:
            if name not in known:
                raise UsageError(f'the cell {self.graph.cell} has no quantity "{name}"; it has {", ".join(known)}')
        return self._run(x, lengths, state, draw, tuple(names or known))[2]

    @contextmanager
    def watching(self, watch: Watch) -> Iterator[None]:
        """Hand ``watch(direction, step, name, values)`` every state inside the block, in its place in autograd's graph.

        ``step`` counts as the direction runs: for a backward one, 0 is the last valid step of each row.
        """
        self.watch = watch
        try:
            yield
        finally:
            self.watch = None

    @contextmanager
    def looking(self, look: Look) -> Iterator[None]:
        """Hand ``look(direction, step, values)`` what every node of the cell's graph is at every step inside the block.

        ``values`` are in the order of ``graph.nodes``: tensors ``(B, ...)`` in autograd's graph, parameters, numbers.
        ``step`` counts as the direction runs. A state's node is its value before the step; what a bound on states or
        zoneout makes of the new one shows at the next step.
        """
        self.look = look
        try:
            yield
        finally:
            self.look = None

    def used_engine(self, x: Tensor) -> str:
        """Which engine runs this layer for such an input."""
        direction = self.directions[0]
        state = tuple(part[0] for part in self.zero_state(x))
        work = self.layers.work(direction, self.weights(direction), x, None, state, self._fresh(x, None))
        return choose(work, self.engine)[0]

    def extra_repr(self) -> str:
        sizes = f"{self.graph.cell}, {self.input_size}, {self.hidden_size}"
        return f"{sizes}, num_layers={self.num_layers}, bidirectional={self.bidirectional}"

    def _run(
        self, x: Tensor, lengths: Tensor | None, state: State | None, draw: Draw | None, names: tuple[str, ...]
    ) -> tuple[Tensor, State, dict[str, Tensor]]:
        self._check_input(x, lengths, state)
        state = self.zero_state(x) if state is None else state
        return self.layers.run(self.weights, x, lengths, state, self._fresh(x, draw), names, self.watch, self.look)

    def _fresh(self, x: Tensor, draw: Draw | None) -> Draw | None:
        if not self.training:
            return None
        if draw is None and (self.dropout or self.recurrent_dropout or self.zoneout or self.drop_connect):
            seed = int(torch.randint(2**31, ()))
            return Draw(seed, 0, 0, torch.arange(x.shape[0], device=x.device))
        if draw is not None and draw.sample_ids.shape != x.shape[:1]:
            raise UsageError(f"draw has {len(draw.sample_ids)} sample_ids; x has {x.shape[0]} rows")
        return draw

    def _directions(
        self, input_size: int | Sequence[int], output_size: int | None, kernel_size: int | None
    ) -> tuple[Direction, ...]:
        if kernel_size is not None and not self.graph.convolution:
            raise UsageError(f"kernel_size: the cell {self.graph.cell} is not convolutional; leave the option out")
        kernel_size = 3 if kernel_size is None else kernel_size
        size, space = self._input(input_size, kernel_size)
        if output_size is not None and not has_own_output(self.graph):
            raise UsageError(
                f"output_size: the output of the cell {self.graph.cell} is its state, of hidden_size; "
                "leave the option out"
            )
        out = self.hidden_size if output_size is None else output_size
        sizes = Sizes(size, self.hidden_size, out, space, kernel_size)
        return directions(sizes, self.num_layers, self.bidirectional)

    def _input(self, input_size: int | Sequence[int], kernel_size: int) -> tuple[int, tuple[int, ...]]:
        if not self.graph.convolution:
            if not isinstance(input_size, int) or input_size < 1:
                raise UsageError(
                    f"input_size {input_size}: the cell {self.graph.cell} reads a whole number of features, 1 or more"
                )
            return input_size, ()
        if isinstance(input_size, int) or len(input_size) != 3 or min(input_size) < 1:
            raise UsageError(
                f"input_size {input_size}: the cell {self.graph.cell} reads frames: (channels, height, width)"
            )
        if kernel_size < 1 or kernel_size % 2 == 0:
            raise UsageError(f"kernel_size {kernel_size}: it must be odd, so that a frame keeps its size")
        return int(input_size[0]), (int(input_size[1]), int(input_size[2]))

    def _check(self) -> None:
        for name in ("hidden_size", "num_layers"):
            if not isinstance(getattr(self, name), int) or getattr(self, name) < 1:
                raise UsageError(f"{name} {getattr(self, name)}: it must be a whole number, 1 or more")
        for name in ("dropout", "recurrent_dropout", "zoneout", "drop_connect"):
            if not 0 <= getattr(self, name) < 1:
                raise UsageError(f"{name} {getattr(self, name)}: it must be at least 0 and below 1")
        if self.checkpoint_time is not None and self.checkpoint_time < 1:
            raise UsageError(f"checkpoint_time {self.checkpoint_time}: it must be a whole number of steps, 1 or more")
        if self.state_clip is not None and not self.state_clip > 0:
            raise UsageError(f"state_clip {self.state_clip}: it must be above 0")
        if self.num_layers == 1:
            if self.dropout:
                raise UsageError("dropout acts between layers and there is one; use recurrent_dropout, or more layers")
            if self.residual:
                raise UsageError(
                    "residual joins a layer's input to its output from the second layer on, and there is one; "
                    "give more layers, or leave it out"
                )
        if self.locked and not self.dropout:
            raise UsageError("locked keeps the mask of the dropout between layers, and there is none; give dropout")
        for name in ("recurrent_dropout", "drop_connect"):
            if getattr(self, name) and not recurrent_maps(self.graph):
                raise UsageError(
                    f"{name} acts on recurrent maps and the cell {self.graph.cell} has none; use zoneout or dropout"
                )
        if self.engine not in ENGINES:
            raise unknown("engine", self.engine, ENGINES)

    def _check_input(self, x: Tensor, lengths: Tensor | None, state: State | None) -> None:
        sizes = self.directions[0].sizes
        shape = (sizes.input_size, *sizes.space)
        fixed_space = self.learned_state or any(p.kind == "diagonal" for p in cell_parameters(self.graph))
        fits = x.dim() == 2 + len(shape) and x.shape[2] == shape[0]
        if not fits or (fixed_space and tuple(x.shape[3:]) != shape[1:]):
            sizes_read = ", ".join(map(str, shape))
            raise UsageError(f"x has shape {tuple(x.shape)}; this layer reads (batch, time, {sizes_read})")
        weight = next(self.parameters())
        if x.dtype != weight.dtype and not torch.is_autocast_enabled(x.device.type):
            raise UsageError(f"x has type {x.dtype}, the weights {weight.dtype}; bring it to theirs: x.to(...)")
        if lengths is not None and not isinstance(lengths, Tensor):
            kind = type(lengths).__name__  # type: ignore[unreachable]
            raise UsageError(f"lengths is a {kind}; give a tensor: torch.tensor(lengths)")
        if lengths is not None and (lengths.shape != x.shape[:1] or lengths.is_floating_point()):
            raise UsageError(
                f"lengths has shape {tuple(lengths.shape)} and type {lengths.dtype}; "
                f"it holds one whole number for each of the {x.shape[0]} rows"
            )
        if lengths is not None and len(lengths) and not 0 <= int(lengths.min()) <= int(lengths.max()) <= x.shape[1]:
            shortest, longest = int(lengths.min()), int(lengths.max())
            raise UsageError(f"lengths lie between {shortest} and {longest}; x has {x.shape[1]} steps")
        expected = (len(self.directions), x.shape[0], self.hidden_size, *x.shape[3:])
        if state is not None and [tuple(part.shape) for part in state] != [expected] * len(self.graph.states):
            found = ", ".join(str(tuple(part.shape)) for part in state)
            count = len(self.graph.states)
            raise UsageError(f"state has shapes {found}; the cell {self.graph.cell} needs {count} of {expected}")
