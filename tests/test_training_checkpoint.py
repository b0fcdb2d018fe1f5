"""`segedu.training.checkpoint`: what is on the disk is whole, and belongs where it is put."""

import os
import pickle
import resource

import pytest
import torch
from PIL import Image

from segedu.datasets import CamVid
from segedu.training import fit, load_checkpoint, load_weights, save_checkpoint
from training_cases import StopError, Stopping, recipe, small_network, some_halves, some_streets

torch.set_num_threads(1)


@pytest.fixture
def run(tmp_path):
    """The folder of a run of one epoch out of three."""
    with pytest.raises(StopError):
        fit(small_network(), Stopping(some_halves(4)), [], recipe(), folder=tmp_path)
    return tmp_path


def test_what_was_saved_is_loaded(tmp_path):
    save_checkpoint({"weights": torch.arange(3), "epoch": 4, "name": "x"}, tmp_path / "deep" / "a.pt")
    state = load_checkpoint(tmp_path / "deep" / "a.pt")
    assert state["weights"].tolist() == [0, 1, 2]
    assert (state["epoch"], state["name"]) == (4, "x")
    assert os.listdir(tmp_path / "deep") == ["a.pt"]


def test_a_full_disk_is_named_and_leaves_the_last_checkpoint_good(tmp_path):
    # The system itself refuses to write more than 10 000 bytes to a file.
    path = tmp_path / "last.pt"
    save_checkpoint({"epoch": 1}, path)
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (10_000, hard))
    try:
        with pytest.raises(
            OSError, match=r"last.pt: this checkpoint could not be written .*the one before it is whole"
        ):
            save_checkpoint({"epoch": 2, "weights": torch.zeros(100_000)}, path)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert load_checkpoint(path)["epoch"] == 1
    assert os.listdir(tmp_path) == ["last.pt"]


def test_a_folder_that_cannot_be_made_is_named(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(OSError, match=r"a.pt: this checkpoint could not be written .*there is none before it"):
        save_checkpoint({}, tmp_path / "file" / "a.pt")


def test_a_file_that_runs_code_is_refused_and_runs_none(tmp_path):
    class Evil:
        def __reduce__(self):
            return os.mkdir, (str(tmp_path / "made"),)

    torch.save({"format": 1, "model": Evil()}, tmp_path / "evil.pt")
    with pytest.raises(ValueError, match=r"evil.pt: expected a checkpoint of segedu.training"):
        load_checkpoint(tmp_path / "evil.pt")
    assert not (tmp_path / "made").exists()


@pytest.mark.parametrize("content", [b"", b"no checkpoint", pickle.dumps({"format": 1}, protocol=2)[:8]])
def test_what_is_no_checkpoint_is_refused(tmp_path, content):
    (tmp_path / "a.pt").write_bytes(content)
    with pytest.raises(ValueError, match=r"a.pt: expected a checkpoint of segedu.training"):
        load_checkpoint(tmp_path / "a.pt")


def test_half_a_checkpoint_is_refused(tmp_path):
    save_checkpoint({"weights": torch.zeros(1000)}, tmp_path / "a.pt")
    whole = (tmp_path / "a.pt").read_bytes()
    (tmp_path / "a.pt").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(ValueError, match="damaged"):
        load_checkpoint(tmp_path / "a.pt")


def test_another_programs_checkpoint_is_refused(tmp_path):
    torch.save({"state_dict": {}}, tmp_path / "a.pt")
    with pytest.raises(ValueError, match="format 1, got None"):
        load_checkpoint(tmp_path / "a.pt")


def test_a_missing_checkpoint_is_named(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"a.pt: expected a checkpoint"):
        load_checkpoint(tmp_path / "a.pt")


def test_weights_of_another_model_are_refused_and_change_nothing():
    model = small_network()
    before = model[0].weight.clone()
    weights = small_network(num_classes=3).state_dict()
    with pytest.raises(
        ValueError, match=r"3.weight is \(3, 8, 1, 1\) there and \(2, 8, 1, 1\) here \(2 differ\)"
    ):
        load_weights(model, weights)
    assert torch.equal(model[0].weight, before)
    with pytest.raises(ValueError, match=r"3.bias is missing there"):
        load_weights(model, {k: v for k, v in model.state_dict().items() if k != "3.bias"})


def test_a_run_goes_on_where_it_stopped(run):
    whole = fit(small_network(), some_halves(4), [], recipe())
    resumed = fit(small_network(seed=8), some_halves(4), [], recipe(), folder=run, resume=True)
    assert resumed.loss.tolist() == whole.loss.tolist()


def test_without_resume_a_run_starts_again(run):
    history = fit(small_network(), some_halves(4), [], recipe(epochs=2), folder=run)
    assert len(history) == len(load_checkpoint(run / "last.pt")["history"]) == 2


def test_more_workers_may_resume(run):
    history = fit(small_network(), some_halves(4), [], recipe(workers=1), folder=run, resume=True)
    assert len(history) == 3


@pytest.mark.parametrize(
    ("model", "images", "changes", "message"),
    [
        (small_network, 4, {"learning_rate": 0.5}, "learning_rate: 0.02, now 0.5"),
        (small_network, 4, {"seed": 3, "epochs": 9}, "epochs: 3, now 9; seed: 0, now 3"),
        (small_network, 6, {}, "training images: 4, now 6"),
        (lambda: torch.nn.Conv2d(3, 2, 1), 4, {}, "model: 'Sequential', now 'Conv2d'"),
        (lambda: small_network()[:1].append(torch.nn.Conv2d(8, 2, 1)), 4, {}, "1.weight is missing there"),
    ],
)
def test_a_checkpoint_of_another_run_is_refused_with_names(run, model, images, changes, message):
    before = (run / "last.pt").read_bytes()
    with pytest.raises(ValueError, match=r"last.pt: expected") as refused:
        fit(model(), some_halves(images), [], recipe(**changes), folder=run, resume=True)
    assert message in str(refused.value)
    assert (run / "last.pt").read_bytes() == before


def test_resume_needs_a_folder():
    with pytest.raises(ValueError, match="expected the folder of the run to resume"):
        fit(small_network(), some_halves(2), [], recipe(), resume=True)


@pytest.mark.parametrize("workers", [0, 1])
def test_a_broken_image_stops_the_run_with_its_file_named(tmp_path, workers):
    for folder in ("train", "trainannot"):
        (tmp_path / folder).mkdir()
    for k, scene in enumerate(some_streets(4)):
        Image.fromarray(scene.image).save(tmp_path / "train" / f"{k}.png")
        Image.fromarray(scene.semantic).save(tmp_path / "trainannot" / f"{k}.png")
    scenes = CamVid(tmp_path, "train")
    broken = tmp_path / "train" / "2.png"
    broken.write_bytes(broken.read_bytes()[:200])
    with pytest.raises(ValueError, match=r"train.2\.png"):
        fit(small_network(11), scenes, [], recipe(workers=workers), folder=tmp_path / "out")
