"""What holds for every network: sizes, gradients, saving, evaluation, memory formats, errors."""

import io

import pytest
import torch
from torch.nn.functional import cross_entropy

from networks import every_network, images, one_thread, parameters  # noqa: F401  (one_thread is a fixture)

SIZES = [(1, 1), (1, 7), (2, 3), (16, 16), (33, 31), (45, 70), (96, 64)]


@every_network
def test_logits_have_the_size_of_the_image_for_any_size(network):
    model = network(3, 5, base_channels=2).eval()
    for height, width in SIZES:
        assert model(images(1, 3, height, width)).shape == (1, 5, height, width)


@every_network
def test_a_batch_of_two_can_be_trained_on_for_any_size(network):
    model = network(3, 5, base_channels=2).train()
    for height, width in SIZES:
        logits = model(images(2, 3, height, width))
        assert logits.shape == (2, 5, height, width)
        assert logits.isfinite().all()


@every_network
@pytest.mark.parametrize(("in_channels", "num_classes"), [(1, 1), (5, 2)])
def test_any_number_of_channels_and_classes(network, in_channels, num_classes):
    model = network(in_channels, num_classes, base_channels=2).eval()
    assert model(images(1, in_channels, 20, 20)).shape == (1, num_classes, 20, 20)


@every_network
def test_backward_reaches_every_parameter_that_is_learned(network):
    model = network(3, 5, base_channels=4).train()
    target = torch.arange(2 * 40 * 40).reshape(2, 40, 40) % 5
    cross_entropy(model(images(2, 3, 40, 40)), target).backward()
    still = [
        name
        for name, weights in model.named_parameters()
        if weights.requires_grad and (weights.grad is None or not weights.grad.any())
    ]
    assert still == []


@every_network
def test_only_the_last_upsampling_of_an_fcn_is_not_learned(network):
    model = network(3, 5, base_channels=2)
    fixed = [name for name, weights in model.named_parameters() if not weights.requires_grad]
    assert fixed in ([], ["up32.weight"], ["up16.weight"], ["up8.weight"])
    assert bool(fixed) == type(model).__name__.startswith("FCN")


@every_network
def test_saved_weights_give_the_same_logits_in_a_network_made_anew(network):
    model, x = network(3, 5, base_channels=2), images(2, 3, 32, 32)
    model(x)  # moves the running means of batch norm, which have to be saved as well
    model.eval()
    file = io.BytesIO()
    torch.save(model.state_dict(), file)
    other = network(3, 5, base_channels=2).eval()
    assert not torch.equal(other(x), model(x))
    file.seek(0)
    other.load_state_dict(torch.load(file, weights_only=True))
    assert torch.equal(other(x), model(x))


@every_network
def test_in_evaluation_an_image_gets_its_logits_whatever_else_is_in_the_batch(network):
    # In float64, because the rounding of float32 can turn a maximum, and with it a switch of DeconvNet.
    model, x = network(3, 5, base_channels=2).double(), images(3, 3, 40, 50).double()
    model(x)
    model.eval()
    together = model(x)
    assert torch.equal(model(x), together)
    for k in range(3):
        torch.testing.assert_close(model(x[k : k + 1]), together[k : k + 1])


@every_network
def test_the_memory_format_changes_nothing(network):
    model, x = network(3, 5, base_channels=4).eval().double(), images(2, 3, 37, 50).double()
    target = torch.arange(2 * 37 * 50).reshape(2, 37, 50) % 5
    results = []
    for memory_format in (torch.contiguous_format, torch.channels_last):
        model.to(memory_format=memory_format).zero_grad()
        logits = model(x.contiguous(memory_format=memory_format))
        cross_entropy(logits, target).backward()
        results.append([logits] + [p.grad.clone() for p in model.parameters() if p.grad is not None])
    for plain, last in zip(*results, strict=True):
        torch.testing.assert_close(last, plain)


@every_network
def test_the_checks_of_the_input_leave_one_graph_to_torch_compile(network):
    model, x = network(3, 5, base_channels=2).eval().double(), images(1, 3, 33, 40).double()
    compiled = torch.compile(model, backend="eager", fullgraph=True)  # raises where the graph breaks
    torch.testing.assert_close(compiled(x), model(x))


@every_network
def test_half_as_many_channels_are_about_a_quarter_of_the_weights(network):
    # A layer's weights are in · out · k · k. Only the first and the last layer have one fixed side.
    with torch.device("meta"):
        whole, half = (parameters(network(3, 5, base_channels=c)) for c in (64, 32))
    assert 3.8 < whole / half < 4


@every_network
def test_weights_start_from_the_seed(network):
    x, logits = images(1, 3, 32, 32), []
    for seed in (1, 1, 2):
        torch.manual_seed(seed)
        logits.append(network(3, 5, base_channels=2).eval()(x))
    assert torch.equal(logits[0], logits[1])
    assert not torch.equal(logits[0], logits[2])


@every_network
@pytest.mark.parametrize(
    ("x", "message"),
    [
        (torch.zeros(3, 8, 8), r"expected images of shape \(N, 3, H, W\), got \(3, 8, 8\)"),
        (torch.zeros(1, 8, 8, 3), r"got \(1, 8, 8, 3\); one image .* becomes a batch by image.permute"),
        (torch.zeros(1, 3, 0, 8), r"got \(1, 3, 0, 8\)"),
        (torch.zeros(1, 3, 8, 8, dtype=torch.uint8), r"expected floats, got torch.uint8; .* x.float\(\) / 255"),
    ],
)
def test_what_is_no_batch_of_images_is_refused(network, x, message):
    with pytest.raises(ValueError, match=message):
        network(3, 5, base_channels=2)(x)


@every_network
@pytest.mark.parametrize(
    ("counts", "message"),
    [
        ({"in_channels": 0}, "in_channels: expected an integer of at least 1, got 0"),
        ({"num_classes": 0}, "num_classes: expected an integer of at least 1, got 0"),
        ({"base_channels": 2.5}, "base_channels: expected an integer of at least 1, got 2.5"),
    ],
)
def test_counts_below_one_are_refused(network, counts, message):
    with pytest.raises(ValueError, match=message):
        network(**{"in_channels": 3, "num_classes": 5, "base_channels": 2} | counts)
