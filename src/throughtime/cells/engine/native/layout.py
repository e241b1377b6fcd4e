"""From a step to the engine's program: what is computed in which stage, and where every quantity lies.

A stage ends where a product needs all units of what was computed, or a row's sum is complete. Within a stage everything
is done block by block, so that a quantity lives in a slot of the cache unless another stage or the way back needs it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from throughtime.cells.engine.native.derivative import Derivative
from throughtime.cells.engine.native.program import Group, Kind, Operation, Place, Program, Stage
from throughtime.cells.engine.native.quantities import Quantity, Step

# buffers that hold the user's layout, or two kinds of rows, are read and written row by row, through a slot
BY_ROW = ("x", "y", "dy", "next_", "after_", "mask_", "diagonal_")


def forward_program(
    step: Step, states: tuple[str, ...], kept: tuple[int, ...], training: bool, hoisted: tuple[int, ...]
) -> Program:
    """Buffers: x, y, state_NAME, next_NAME, mask_NAME, and tape with a part for each quantity of ``kept``.

    The products with x of the sums ``hoisted`` come in a buffer of that name, a part for each.
    """
    targets: dict[int, list[Place]] = {}
    for column, quantity in enumerate(kept):
        targets.setdefault(quantity, []).append(buffer("tape", column))
    for name, quantity in zip(states, step.new_states, strict=True):
        targets.setdefault(quantity, []).append(buffer(f"next_{name}"))
    targets.setdefault(step.output, []).append(buffer("y"))
    return _Layout(step.quantities, targets, {}, hoisted=hoisted).program(training)


def hoisted_sums(step: Step) -> tuple[int, ...]:
    """The sums that have a product with x."""
    quantities = step.quantities
    return tuple(
        k for k, q in enumerate(quantities) if q.op == "sum" and any(quantities[arg].op == "input" for arg in q.args)
    )


def backward_program(
    derivative: Derivative, states: tuple[str, ...], kept: tuple[int, ...], columns: dict[int, int]
) -> Program:
    """Buffers: dy, tape, state_NAME, after_NAME, mask_NAME, carried_NAME, carried_out_NAME, and gradients.

    ``columns`` says which part of a row of gradients holds the gradient of a sum, by its quantity.
    """
    targets: dict[int, list[Place]] = {}
    for quantity, column in columns.items():
        targets.setdefault(quantity, []).append(buffer("gradients", column))
    for name, quantity in zip(states, derivative.state_gradients, strict=True):
        targets.setdefault(quantity, []).append(buffer(f"carried_out_{name}"))
    tape = {number: column for column, number in enumerate(kept)}
    return _Layout(derivative.quantities, targets, tape, derivative.vectors).program(True)


def program_over_frames(
    quantities: tuple[Quantity, ...],
    targets: Mapping[int, Sequence[Place]],
    vectors: Iterable[tuple[str, int, int | None]],
    parts: Mapping[str, int],
) -> Program:
    """A step without products of its own, or its derivative; ``parts`` of the buffers that have several."""
    made = _Layout(quantities, {k: list(places) for k, places in targets.items()}, {}, vectors).program(True)
    buffers = {name: parts.get(name, 1) for name in made.buffers}
    return replace(made, buffers=buffers, over_frames=True)


def buffer(name: str, column: int = 0) -> Place:
    """A part of a buffer's rows."""
    return Place(Kind.BUFFER, name=name, column=column)


def _by_row(place: Place) -> bool:
    return place.kind == Kind.BUFFER and place.name.startswith(BY_ROW)


@dataclass
class _Draft:
    """A stage being written: where its quantities are, which slots are free."""

    where: dict[int, Place] = field(default_factory=dict)
    free: list[int] = field(default_factory=list)
    used: int = 0
    ops: list[Operation] = field(default_factory=list)

    def slot(self) -> Place:
        if not self.free:
            self.free.append(self.used)
            self.used += 1
        return Place(Kind.SLOT, self.free.pop())


class _Layout:
    def __init__(
        self,
        quantities: tuple[Quantity, ...],
        targets: dict[int, list[Place]],
        tape: dict[int, int],
        vectors: Iterable[tuple[str, int, int | None]] = (),
        hoisted: tuple[int, ...] = (),
    ) -> None:
        self.quantities = tuple([replace(q, op="mul", args=q.args[1:]) if q.op == "normed" else q for q in quantities])
        self.targets, self.tape, self.hoisted = targets, tape, hoisted
        self.vectors = tuple((name, tuple(k for k in pair if k is not None)) for name, *pair in vectors)
        self.constants: list[float] = []
        self.scalars: dict[int, int] = {}
        self.spills: dict[int, int] = {}
        self.slots = 0

    def program(self, keeps_states: bool) -> Program:
        self.needed = sorted(self._needed())
        self.stage: dict[int, int] = {}
        for k in self.needed:
            self.stage[k] = self._stage_of(self.quantities[k])
        self.sums_stage = [(name, pair, max(self.stage[k] for k in pair)) for name, pair in self.vectors]
        self.last_stage = self._last_stages()
        count = 1 + max(self.stage.values(), default=0)
        stages = tuple(self._written(number) for number in range(count))
        operations = [op for stage in stages for op in (*stage.before, *stage.ops)]
        groups = [group for stage in stages for group in stage.groups]
        places = [place for op in operations for place in (op.to, op.a, op.b)]
        buffers = [place.name for place in places if place.kind == Kind.BUFFER] + [group.operand for group in groups]
        parts = {
            "tape": len(self.tape),
            "hoisted": len(self.hoisted),
            "spill": len(self.spills),
            "gradients": 1 + max((p.column for to in self.targets.values() for p in to), default=0),
        }
        if not self.tape:  # a forward pass: what it keeps is among its targets
            parts["tape"] = sum(place.name == "tape" for to in self.targets.values() for place in to)
        return Program(
            stages,
            self.slots,
            len(self.scalars),
            tuple(self.constants),
            tuple(dict.fromkeys(place.name for place in places if place.kind == Kind.VECTOR)),
            tuple(dict.fromkeys(name for name, _ in self.vectors)),
            tuple(dict.fromkeys(name for group in groups for names in group.maps for name in names)),
            {name: parts.get(name, 1) for name in dict.fromkeys(buffers)},
            keeps_states,
        )

    def _needed(self) -> set[int]:
        """What some result depends on."""
        todo = [*self.targets, *(k for _, pair in self.vectors for k in pair)]
        found: set[int] = set()
        while todo:
            k = todo.pop()
            if k not in found:
                found.add(k)
                todo += self.quantities[k].args
        return found

    def _stage_of(self, quantity: Quantity) -> int:
        stages = [self.stage[arg] for arg in quantity.args]
        if quantity.op in ("sum", "back"):
            computed = [self._leaf(self.quantities[arg]) is None for arg in quantity.args]
            return max([0, *(stage + later for stage, later in zip(stages, computed, strict=True))])
        return stages[0] + 1 if quantity.op in ("mean", "rstd") else max([0, *stages])

    def _last_stages(self) -> dict[int, int]:
        """The last stage in which each quantity is read."""
        last = dict(self.stage)
        for k in self.needed:
            for arg in self.quantities[k].args:
                last[arg] = max(last[arg], self.stage[k])
        for _, pair, stage in self.sums_stage:
            for k in pair:
                last[k] = max(last[k], stage)
        return last

    def _leaf(self, quantity: Quantity) -> Place | None:
        """Where a quantity lies that is not computed."""
        match quantity.op:
            case "input":
                return buffer("x")
            case "output_gradient":
                return buffer("dy")
            case "given":
                return buffer(quantity.name, quantity.number)
            case "state" | "mask" | "carried" | "after" | "diagonal" | "total":
                return buffer(f"{quantity.op}_{quantity.name}")
            case "saved":
                return buffer("tape", self.tape[quantity.number])
            case "vector":
                return Place(Kind.VECTOR, name=quantity.name)
            case "constant":
                return self._constant(quantity.value)
        return None

    def _constant(self, value: float) -> Place:
        if value not in self.constants:
            self.constants.append(value)
        return Place(Kind.CONSTANT, self.constants.index(value))

    def _home(self, k: int) -> Place | None:
        """The buffer in which a computed quantity is kept beyond its stage, if there is one."""
        for place in self.targets.get(k, ()):
            if not place.name.startswith((*BY_ROW, "carried_out_")):
                return place
        if k in self.spills or self.last_stage[k] > self.stage[k]:
            return buffer("spill", self.spills.setdefault(k, len(self.spills)))
        return None

    def _written(self, number: int) -> Stage:
        mine = [k for k in self.needed if self.stage[k] == number and self._leaf(self.quantities[k]) is None]
        sums = [(name, pair) for name, pair, stage in self.sums_stage if stage == number]
        last_use = {arg: at for at, k in enumerate(mine) for arg in self.quantities[k].args}
        last_use |= {k: len(mine) for _, pair in sums for k in pair}
        draft, before = _Draft(), []
        for k in mine:
            if self.quantities[k].op in ("sum", "back"):
                draft.where[k] = draft.slot()
                name = self.quantities[k].name
                if k in self.hoisted:
                    start = buffer("hoisted", self.hoisted.index(k))
                else:
                    start = Place(Kind.VECTOR, name=name) if name else self._constant(0.0)
                before.append(Operation("copy", draft.where[k], start))
        groups = self._groups([k for k in mine if self.quantities[k].op in ("sum", "back")], draft)
        for at, k in enumerate(mine):
            self._compute(k, draft, {arg for arg in self.quantities[k].args if last_use[arg] == at})
            for place in self.targets.get(k, ()):
                if place != draft.where.get(k):
                    draft.ops.append(Operation("copy", place, draft.where[k]))
            if k in draft.where and k not in last_use:
                self._release(k, draft)
        for name, pair in sums:
            to = Place(Kind.PARTSUM, [*dict.fromkeys(known for known, _ in self.vectors)].index(name))
            op = "partsum" if len(pair) == 1 else "partdot"
            draft.ops.append(Operation(op, to, *(self._read(k, draft) for k in pair)))
        draft.ops += self._untouched(number, draft)
        self.slots = max(self.slots, draft.used)
        return Stage(tuple(before), tuple(groups), tuple(draft.ops))

    def _compute(self, k: int, draft: _Draft, dying: set[int]) -> None:
        """Write the operation of a quantity; the slots of arguments that die with it are free for its result."""
        quantity = self.quantities[k]
        home = self._home(k)
        if quantity.op == "rowsum":
            self.scalars[k] = len(self.scalars)
            op = "rowsum" if len(quantity.args) == 1 else "rowdot"
            args = [self._read(arg, draft) for arg in quantity.args]
            draft.ops.append(Operation(op, Place(Kind.SCALAR, self.scalars[k]), *args))
        elif quantity.op in ("sum", "back"):
            if home is not None and home not in self.targets.get(k, ()):
                draft.ops.append(Operation("copy", home, draft.where[k]))
            return
        elif quantity.op in ("mean", "rstd"):
            args = [Place(Kind.SCALAR, self.scalars[quantity.args[0]])]
            args += [self._constant(quantity.value)] if quantity.op == "rstd" else []
        else:
            args = [self._read(arg, draft) for arg in quantity.args]
        for arg in dying:
            self._release(arg, draft)
        if quantity.op != "rowsum":
            draft.where[k] = home or draft.slot()
            draft.ops.append(Operation(quantity.op, draft.where[k], *args))

    def _read(self, k: int, draft: _Draft) -> Place:
        """Where a quantity can be read in this stage; what lies row by row is first brought into a slot."""
        if k in draft.where:
            return draft.where[k]
        place = self._leaf(self.quantities[k]) or self._home(k)
        assert place is not None, self.quantities[k]
        if _by_row(place):
            draft.where[k] = draft.slot()
            draft.ops.append(Operation("copy", draft.where[k], place))
            return draft.where[k]
        return place

    def _release(self, k: int, draft: _Draft) -> None:
        place = draft.where.get(k)
        if place is not None and place.kind == Kind.SLOT:
            draft.free.append(place.index)
            del draft.where[k]

    def _untouched(self, number: int, draft: _Draft) -> list[Operation]:
        """Results that are leaves, such as a state handed on as it is: copied in the first stage."""
        found = []
        for k, places in self.targets.items():
            if number == 0 and self._leaf(self.quantities[k]) is not None:
                source = self._read(k, draft)
                found += [Operation("copy", place, source) for place in places]
        return found

    def _groups(self, sums: list[int], draft: _Draft) -> list[Group]:
        """One group an operand for all sums that read it; of gradients, one for each run of neighbouring parts."""
        runs: list[Group] = []
        by_operand: dict[Place, list[tuple[int, str]]] = {}
        for k in sums:
            quantity = self.quantities[k]
            slot = draft.where[k].index
            operands = [(self._operand(arg), name) for arg, name in zip(quantity.args, quantity.maps, strict=True)]
            if quantity.op == "sum":
                for place, name in operands:
                    if k not in self.hoisted or place.name != "x":
                        by_operand.setdefault(place, []).append((slot, name))
            else:
                runs += _runs(slot, operands)
        groups = []
        for place, readers in by_operand.items():
            while readers:  # a sum may apply two maps to one operand
                once = dict(reversed(readers))
                taken = [(slot, name) for slot, name in readers if once[slot] == name]
                readers = [reader for reader in readers if reader not in taken]
                slots, names = zip(*taken, strict=True)
                groups.append(Group(place.name, place.column, slots, tuple((name,) for name in names), False))
        return [*groups, *runs]

    def _operand(self, k: int) -> Place:
        place = self._leaf(self.quantities[k]) or self._home(k)
        assert place is not None and place.kind == Kind.BUFFER, self.quantities[k]
        return place


def _runs(slot: int, operands: list[tuple[Place, str]]) -> list[Group]:
    found: list[tuple[Place, list[str]]] = []
    for place, name in sorted(operands, key=lambda operand: (operand[0].name, operand[0].column)):
        last = found[-1] if found else None
        if last and last[0].name == place.name and last[0].column + len(last[1]) == place.column:
            last[1].append(name)
        else:
            found.append((place, [name]))
    return [Group(place.name, place.column, (slot,), (tuple(names),), True) for place, names in found]
