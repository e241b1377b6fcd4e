"""The word Teddy cannot be labelled from its left."""

from __future__ import annotations

import pytest
import torch

from tests.textbook.layers import outputs, random_layer
from throughtime.cells import cells
from throughtime.data.tokenisation import cut
from throughtime.data.vocabulary import Vocabulary

SENTENCES = ("He said, Teddy bears are on sale", "He said, Teddy Roosevelt was a great president")


@pytest.mark.parametrize("cell", sorted(name for name, cell in cells.items() if not cell.convolution))
def test_only_a_layer_of_both_directions_tells_the_bear_from_the_president(cell: str) -> None:
    """From the left the state at Teddy is the same to the bit, whatever the weights; from both sides it is not."""
    bears, president = (cut(sentence, "words", lower=True) for sentence in SENTENCES)
    teddy = bears.index("teddy")
    assert bears[: teddy + 1] == president[: teddy + 1] == ["he", "said", ",", "teddy"]
    vocabulary = Vocabulary.in_order_of_appearance([bears, president])
    x = torch.from_numpy(vocabulary.one_hot(vocabulary.padded([bears, president]))).double()
    lengths = torch.tensor([len(bears), len(president)])
    for both_sides in (False, True):
        layer = random_layer(cell, len(vocabulary), 4, bidirectional=both_sides, engine="reference")
        with torch.no_grad():
            hidden = layer(x, lengths)[0][:, teddy]
        assert torch.equal(hidden[0], hidden[1]) is not both_sides
        assert torch.equal(hidden[0, :4], hidden[1, :4])


def test_the_output_of_both_directions_is_the_two_side_by_side() -> None:
    """[h forward; h backward]: the second half is a layer of its own on the sequence turned round."""
    layer = random_layer("gru", bidirectional=True)
    backward = random_layer("gru", seed=5)
    x = torch.randn(2, 5, 3, dtype=torch.float64, generator=torch.Generator().manual_seed(7))
    for name, weight in backward.named_parameters():
        weight.data.copy_(getattr(layer, f"{name}_reverse"))
    torch.testing.assert_close(outputs(layer, x)[..., 4:], outputs(backward, x.flip(1)).flip(1))
