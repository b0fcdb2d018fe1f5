"""``python -m segedu.training``: results that can be read, and errors in one sentence."""

import json

import numpy as np
import pytest
import torch
from PIL import Image

from segedu.datasets import CamVid
from segedu.metrics import ConfusionMatrix
from segedu.synthetic import STREET, street_scene
from segedu.training import Recipe, evaluate, load_checkpoint
from segedu.training import __main__ as command
from segedu.training.jobs import MODELS
from segedu.training.results import measures, triptych, write_results
from segedu.training.sources import streets
from training_cases import some_streets

torch.set_num_threads(1)


@pytest.fixture
def camvid(tmp_path, monkeypatch):
    for split, count in (("train", 4), ("val", 2), ("test", 4)):
        (tmp_path / split).mkdir()
        (tmp_path / f"{split}annot").mkdir()
        for k, scene in enumerate(some_streets(count)):
            Image.fromarray(scene.image).save(tmp_path / split / f"{k}.png")
            Image.fromarray(scene.semantic).save(tmp_path / f"{split}annot" / f"{k}.png")
    tiny = Recipe(size=(32, 32), epochs=2, batch_size=2, learning_rate=0.01, base_channels=1, class_weights=1)
    monkeypatch.setitem(command.RECIPES, "tiny", tiny)
    return tmp_path


def arguments(root, *more):
    return ["--model=unet", "--data=camvid", f"--root={root}", "--recipe=tiny", f"--out={root / 'out'}", *more]


def test_a_run_ends_in_a_result_file_and_three_pictures(camvid):
    assert command.main(arguments(camvid, "--seed=5")) == 0
    results = json.loads((camvid / "out" / "results.json").read_text("utf-8"))
    assert (results["model"], results["data"], results["split"]) == ("unet", "camvid", "test")
    assert results["seed"] == results["recipe"]["seed"] == 5
    assert results["recipe"]["name"] == "tiny"
    assert len(results["history"]) == 2
    assert results["seconds"] == sum(epoch["seconds"] for epoch in results["history"])
    assert results["device"].startswith(("cpu", "cuda", "mps"))
    pictures = sorted((camvid / "out").glob("*.png"))
    assert [picture.name for picture in pictures] == [f"prediction_{k}.png" for k in range(3)]
    assert Image.open(pictures[0]).size == (96, 32)


def test_the_result_is_that_of_the_weights_it_names_on_the_test_images(camvid):
    assert command.main(arguments(camvid, "--weights=best")) == 0
    results = json.loads((camvid / "out" / "results.json").read_text("utf-8"))
    model = MODELS["unet"](11, 1)
    model.load_state_dict(load_checkpoint(camvid / "out" / "best.pt")["model"])
    confmat = evaluate(model, CamVid(camvid, "test"), 11, size=(32, 32))
    assert results["weights"] == "best"
    assert results["mean_iou"] == confmat.mean_iou
    assert results["pixel_accuracy"] == confmat.pixel_accuracy
    assert list(results["iou_per_class"]) == [category.name for category in CamVid(camvid, "test").categories]


def test_a_broken_image_is_one_sentence_and_status_1(camvid, capsys):
    (camvid / "train" / "1.png").write_bytes(b"broken")
    assert command.main(arguments(camvid, "--workers=1")) == 1
    said = capsys.readouterr().err.strip().splitlines()[-1]
    assert str(camvid / "train" / "1.png") in said
    assert not (camvid / "out" / "results.json").exists()


def test_a_checkpoint_of_another_seed_is_one_sentence_and_status_1(camvid, capsys):
    assert command.main(arguments(camvid, "--epochs=1")) == 0
    assert command.main(arguments(camvid, "--epochs=1", "--seed=2", "--resume")) == 1
    assert "seed: 0, now 2" in capsys.readouterr().err


def test_a_missing_root_says_how_to_get_the_data(capsys):
    assert command.main(["--model=unet", "--data=camvid", "--recipe=full", "--out=x"]) == 1
    assert "python -m segedu.datasets download camvid" in capsys.readouterr().err


def test_an_unknown_model_is_refused(capsys):
    with pytest.raises(SystemExit):
        command.main(["--model=vnet", "--data=street", "--recipe=full", "--out=x"])
    assert "unet" in capsys.readouterr().err


@pytest.mark.parametrize("name", MODELS)
def test_every_model_gives_logits_of_the_images_size(name):
    model = MODELS[name](5, 2).eval()
    assert model(torch.zeros(1, 3, 45, 64)).shape == (1, 5, 45, 64)


def test_no_street_is_in_two_splits():
    splits = streets((16, 16))
    seeds = [seed for part in (splits.train, splits.val, splits.test) for seed in part.ids]
    assert len(seeds) == len(set(seeds)) == 550
    np.testing.assert_array_equal(splits.val[0].image, street_scene(10_000, (16, 16)).image)
    assert splits.val[0] is splits.val[0]


def test_a_class_that_is_absent_is_null_in_the_file(tmp_path):
    found = measures(ConfusionMatrix(9, counts=np.diag([1, 2, 3, 4, 5, 6, 7, 8, 0])), STREET)
    write_results(found, tmp_path / "deep" / "results.json")
    text = (tmp_path / "deep" / "results.json").read_text("utf-8")
    assert "NaN" not in text
    assert json.loads(text)["iou_per_class"]["traffic sign"] is None
    assert json.loads(text)["mean_iou"] == 1


def test_a_picture_shows_image_truth_and_prediction():
    scene = street_scene(6, (16, 24), bonnet=True)
    picture = np.asarray(triptych(scene, np.full((16, 24), 5, np.uint8)))
    np.testing.assert_array_equal(picture[:, :24], scene.image)
    assert (picture[:, 24:48][scene.semantic == 255] == 255).all()
    assert (picture[:, 24:48][scene.semantic == 0] == STREET[0].color).all()
    assert (picture[:, 48:] == STREET[5].color).all()
