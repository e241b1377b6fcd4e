"""Backpropagation through time from its definition: every step and every term by itself.

    ∂L_t/∂W = Σ_{k<=t} ∂L_t/∂s_t · ∂s_t/∂s_k · ∂⁺s_k/∂W        ∂s_t/∂s_k = ∂s_t/∂s_{t-1} · ... · ∂s_{k+1}/∂s_k

Here s is all that a step hands on, laid end to end: its output and its states (h, or h and c). So one formula holds
for every cell and every weight, those of an output form included: nothing reads the output of the step before, and
the column of zeros that this puts into the Jacobian leaves an output weight V with its one term k = t.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.func import functional_call, jacrev

from throughtime.cells.recurrent import Recurrent

Weights = dict[str, Tensor]


@dataclass(frozen=True)
class Term:
    """The part of ∂L_t/∂W that came by way of step k, for every weight by name."""

    t: int
    k: int
    gradient: Weights


@dataclass(frozen=True)
class Unrolled:
    """A layer on one input ``x (B, T, *F)``, every step a call of its own with T = 1."""

    layer: Recurrent
    x: Tensor
    loss: Callable[[int, Tensor], Tensor]  # (t, output (B, O)) -> L_t

    def terms(self) -> Iterator[Term]:
        """All terms of all L_t, t from the first step to the last and k from t back to the first."""
        weights = {name: weight.detach() for name, weight in self.layer.named_parameters()}
        before, direct, jacobians = self._start(), [], []
        for t in range(self.x.shape[1]):
            by_weight, by_state = jacrev(self._step, (0, 1))(weights, before, t)
            direct.append(by_weight)  # ∂⁺s_t/∂W: the state before is held fixed
            jacobians.append(by_state)  # ∂s_t/∂s_{t-1}
            before = self._step(weights, before, t)
            loss_by_state = jacrev(self._loss)(before, t)
            passed = torch.eye(len(before), dtype=before.dtype)  # ∂s_t/∂s_k
            for k in range(t, -1, -1):
                row = loss_by_state @ passed
                yield Term(t, k, {name: torch.tensordot(row, part, 1) for name, part in direct[k].items()})
                passed = passed @ jacobians[k]

    def total(self) -> Weights:
        """∂L/∂W: the sum over all terms."""
        sums = {name: torch.zeros_like(weight.detach()) for name, weight in self.layer.named_parameters()}
        for term in self.terms():
            for name, part in term.gradient.items():
                sums[name] += part
        return sums

    def by_autograd(self) -> Weights:
        """∂L/∂W as autograd has it from one call over the whole sequence."""
        output, _ = self.layer(self.x)
        loss = sum(self.loss(t, output[:, t]) for t in range(self.x.shape[1]))
        names, weights = zip(*self.layer.named_parameters(), strict=True)
        return dict(zip(names, torch.autograd.grad(loss, weights), strict=True))

    def _step(self, weights: Weights, before: Tensor, t: int) -> Tensor:
        """s_t from s_{t-1}: one call of the layer on one step."""
        zeros = self.layer.zero_state(self.x)
        parts = before[-sum(part.numel() for part in zeros) :].split([part.numel() for part in zeros])
        state = tuple(part.view_as(zero) for part, zero in zip(parts, zeros, strict=True))
        output, state = functional_call(self.layer, weights, (self.x[:, t : t + 1],), {"state": state})
        return torch.cat([part.flatten() for part in (output, *state)])

    def _loss(self, after: Tensor, t: int) -> Tensor:
        batch, features = self.x.shape[0], (self.layer.output_size, *self.x.shape[3:])
        output = after[: batch * torch.Size(features).numel()]
        return self.loss(t, output.view(batch, *features))

    def _start(self) -> Tensor:
        """s before the first step: the states, all 0, and in front of them an output that nothing reads."""
        states = torch.cat([part.flatten() for part in self.layer.zero_state(self.x)])
        outputs = self.x.shape[0] * torch.Size((self.layer.output_size, *self.x.shape[3:])).numel()
        return torch.cat([states.new_zeros(outputs), states])
