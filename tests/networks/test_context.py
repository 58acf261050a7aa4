import pytest
import torch

from photochrom.errors import OptionError
from photochrom.networks.context import HEAD_WIDTH, ContextBlock
from photochrom.networks.registry import build_network


@pytest.fixture
def block():
    torch.manual_seed(0)
    block = ContextBlock(2 * HEAD_WIDTH).eval()
    for part in (block.gathered, block.mix[3]):
        part.weight.data.mul_(100)  # their usual start
    return block


@torch.no_grad()
def test_attention_equals_its_definition_place_by_place(block):
    x = torch.randn(1, 2 * HEAD_WIDTH, 3, 4)
    queries, keys, values = (
        part(x)[0].reshape(2, HEAD_WIDTH, 12) for part in (block.queries, block.keys, block.values)
    )
    expected = torch.zeros(2, HEAD_WIDTH, 12)
    for head in range(2):
        descriptions = [
            sum(torch.softmax(key, 0)[i] * values[head][:, i] for i in range(12))
            for key in keys[head]
        ]
        for place in range(12):
            share = torch.softmax(queries[head][:, place], 0)
            expected[head][:, place] = sum(
                s * one for s, one in zip(share, descriptions, strict=True)
            )
    found = block._attend(x)
    assert torch.allclose(found, expected.reshape(1, 2 * HEAD_WIDTH, 3, 4), atol=1e-5)


@torch.no_grad()
def test_every_place_hears_of_the_farthest_one(block):
    x = torch.randn(1, 2 * HEAD_WIDTH, 8, 8)
    other = x.clone()
    other[..., -1, -1] += 3
    assert (block(x) - block(other))[..., 0, 0].abs().max() > 1e-3


@torch.no_grad()
def test_what_is_added_does_not_depend_on_the_size_of_a_tiled_picture(block):
    x = torch.randn(1, 2 * HEAD_WIDTH, 4, 4)
    assert torch.allclose(block(x.repeat(1, 1, 2, 3)), block(x).repeat(1, 1, 2, 3), atol=1e-4)


def test_a_new_block_changes_next_to_nothing_and_every_parameter_learns():
    torch.manual_seed(0)
    block, x = ContextBlock(HEAD_WIDTH), torch.randn(2, HEAD_WIDTH, 4, 4)
    out = block(x)
    assert (out - x).abs().max() < 0.05 * x.abs().max()
    (out**2).mean().backward()
    assert all(p.grad is not None and p.grad.any() for p in block.parameters())


def test_a_width_that_heads_do_not_divide_is_refused():
    with pytest.raises(OptionError, match="64 divides; it is 24"):
        build_network("lite_unet", {"widths": [64, 24, 16, 16], "context": [1, 1]})
