import pytest
import torch
import torch.nn.functional as F

from emojudge.nn import BaselineHead, ClassificationHead, LinearHead, ResidualHead


def test_residual_head_is_the_written_formula():
    torch.manual_seed(0)
    head, x = ResidualHead(5, 3, hidden=7, blocks=2).eval(), torch.randn(4, 5)

    def hidden(layers, x):
        linear, norm = layers[0], layers[1]
        return F.relu(F.layer_norm(x @ linear.weight.T + linear.bias, (7,), norm.weight, norm.bias))

    h = hidden(head.project, x)
    h = h + hidden(head.blocks[0], h)
    h = h + hidden(head.blocks[1], h)
    torch.testing.assert_close(head(x), h @ head.output.weight.T + head.output.bias)


def test_residual_head_has_the_sizes_asked_for():
    head = ResidualHead(2048, 8)
    assert sum(p.numel() for p in head.parameters()) == 2048 * 1024 + 2 * 1024 * 1024 + 3 * 3 * 1024 + 1024 * 8 + 8
    assert len(ResidualHead(4, 2, hidden=3, blocks=0).blocks) == 0


def test_dropout_acts_in_training_on_input_and_hidden_layers():
    torch.manual_seed(0)
    x = torch.randn(1, 50).expand(200, 50)
    nothing = ResidualHead(50, 3, hidden=20, dropout=0.0)
    assert (nothing(x) == nothing(x)).all()
    for head in (
        ResidualHead(50, 3, hidden=20, dropout=0.5, input_dropout=0.0),
        ResidualHead(50, 3, hidden=20, dropout=0.0, input_dropout=0.5),
    ):
        assert head(x).std(dim=0).min() > 0.01
        assert head.eval()(x).std(dim=0).max() < 1e-5
    assert ResidualHead(50, 3, dropout=0.3).input_dropout.p == 0.3


def test_classification_head_is_that_of_roberta():
    modeling = pytest.importorskip("transformers.models.roberta.modeling_roberta")
    from transformers import RobertaConfig

    torch.manual_seed(0)
    theirs = modeling.RobertaClassificationHead(RobertaConfig(hidden_size=6, num_labels=3, hidden_dropout_prob=0.3))
    ours, x = ClassificationHead(6, 3), torch.randn(4, 5, 6)
    ours.dense.load_state_dict(theirs.dense.state_dict())
    ours.output.load_state_dict(theirs.out_proj.state_dict())
    torch.testing.assert_close(ours.eval()(x[:, 0]), theirs.eval()(x))
    torch.manual_seed(1)
    expected = theirs.train()(x)
    torch.manual_seed(1)
    torch.testing.assert_close(ours.train()(x[:, 0]), expected)


def test_every_parameter_has_a_gradient():
    for head in (ResidualHead(5, 3, hidden=7), ClassificationHead(5, 3), BaselineHead(5, 3, hidden=7, layers=2), LinearHead(5, 3)):
        head(torch.randn(4, 5)).square().sum().backward()
        assert all(p.grad is not None for p in head.parameters())


def test_input_norm_is_batch_normalisation_of_the_vector():
    torch.manual_seed(0)
    x = torch.randn(16, 6) * torch.tensor([1.0, 10, 100, 0.1, 1, 1]) + 3
    head, plain = ResidualHead(6, 3, hidden=8, dropout=0.0, input_norm=True), ResidualHead(6, 3, hidden=8, dropout=0.0)
    plain.load_state_dict(head.state_dict(), strict=False)
    reference = torch.nn.BatchNorm1d(6)
    torch.testing.assert_close(head(x), plain(reference(x)))
    torch.testing.assert_close(head.eval()(x), plain(reference.eval()(x)))


def test_input_norm_takes_a_batch_of_one():
    assert ResidualHead(6, 3, hidden=8, input_norm=True)(torch.randn(1, 6)).isfinite().all()


def test_baseline_head_is_the_written_formula():
    torch.manual_seed(0)
    head, x = BaselineHead(5, 3, hidden=7, layers=3).eval(), torch.randn(4, 5)
    h = x
    for linear, norm, *_ in head.hidden:
        h = F.relu(F.layer_norm(h @ linear.weight.T + linear.bias, (7,), norm.weight, norm.bias))
    torch.testing.assert_close(head(x), h @ head.output.weight.T + head.output.bias)


def test_with_one_layer_the_baseline_head_is_a_residual_head_without_blocks():
    torch.manual_seed(0)
    residual, baseline, x = ResidualHead(5, 3, hidden=7, blocks=0), BaselineHead(5, 3, hidden=7), torch.randn(4, 5)
    baseline.hidden[0].load_state_dict(residual.project.state_dict())
    baseline.output.load_state_dict(residual.output.state_dict())
    torch.manual_seed(1)
    expected = residual(x)
    torch.manual_seed(1)
    torch.testing.assert_close(baseline(x), expected)  # dropout of both kinds included


def test_baseline_head_has_the_sizes_of_the_challenge():
    assert sum(p.numel() for p in BaselineHead(2048, 8).parameters()) == 2048 * 1024 + 3 * 1024 + 1024 * 8 + 8
    with pytest.raises(ValueError, match="layers must be 1 or more, found 0"):
        BaselineHead(5, 3, layers=0)


def test_baseline_head_drops_input_and_hidden_values_in_training():
    torch.manual_seed(0)
    head, x = BaselineHead(50, 3, hidden=20), torch.randn(1, 50).expand(200, 50)
    dropped = []
    head.hidden[0].register_forward_hook(lambda _, inputs, output: dropped.extend([inputs[0], output]))
    head(x)
    assert (dropped[0] == 0).float().mean() == pytest.approx(0.5, abs=0.05)
    assert ((dropped[1] == 0).float().mean(dim=0) > 0.3).all()
    assert head.eval()(x).std(dim=0).max() < 1e-5


def test_linear_head_is_one_layer():
    torch.manual_seed(0)
    head, x = LinearHead(50, 3, dropout=0.5), torch.randn(4, 50)
    assert not torch.equal(head(x), head(x))
    torch.testing.assert_close(head.eval()(x), x @ head.output.weight.T + head.output.bias)
