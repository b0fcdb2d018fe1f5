"""`segedu.training`: what happens after each epoch, and the film that is made of it."""

import numpy as np
import pytest
import torch

from segedu.synthetic import STREET
from segedu.training import (
    History,
    Recorder,
    Recording,
    default_accelerator,
    fit,
    load_checkpoint,
    street_recording,
)
from segedu.training.results import predict
from training_cases import halves, recipe, small_network, some_halves

torch.set_num_threads(1)


def test_each_epoch_is_told_once_in_order():
    told = []
    history = fit(small_network(), some_halves(4), some_halves(2, 50), recipe(), after_epoch=told.append)
    assert told == history.epochs


def test_an_epoch_is_told_after_its_checkpoint_is_written(tmp_path):
    lengths = []

    def look(epoch):
        lengths.append((epoch.epoch, len(load_checkpoint(tmp_path / "last.pt")["history"])))

    fit(small_network(), some_halves(4), [], recipe(), folder=tmp_path, after_epoch=look)
    assert lengths == [(0, 1), (1, 2), (2, 3)]


def test_a_run_that_was_stopped_after_an_epoch_goes_on_with_the_same_losses(tmp_path):
    class StoppedError(Exception):
        pass

    def stop(epoch):
        if epoch.epoch == 1:
            raise StoppedError

    whole = fit(small_network(), some_halves(4), [], recipe())
    with pytest.raises(StoppedError):
        fit(small_network(), some_halves(4), [], recipe(), folder=tmp_path, after_epoch=stop)
    resumed = fit(small_network(seed=9), some_halves(4), [], recipe(), folder=tmp_path, resume=True)
    assert resumed.loss.tolist() == whole.loss.tolist()


def recorded(**changes):
    model, scenes = small_network(dropout=0.5), [halves(50), halves(51, (9, 31))]
    before = [predict(model, scene, accelerator=default_accelerator()) for scene in scenes]
    recorder = Recorder(model, scenes)
    fit(model, some_halves(4), some_halves(2, 60), recipe(**changes), after_epoch=recorder)
    after = [predict(model, scene, accelerator=default_accelerator()) for scene in scenes]
    return recorder.recording, before, after


def test_a_film_begins_before_training_and_ends_with_the_trained_network():
    recording, before, after = recorded(epochs=6)
    for preds, first, last, scene in zip(recording.preds, before, after, recording.scenes, strict=True):
        assert preds.shape == (7, *scene.size)
        np.testing.assert_array_equal(preds[0], first)
        np.testing.assert_array_equal(preds[-1], last)
    assert any((preds[0] != preds[-1]).any() for preds in recording.preds)


def test_being_filmed_changes_nothing():
    model = small_network(dropout=0.5)
    history = fit(model, some_halves(4), some_halves(2, 60), recipe())
    recording, _, after = recorded()
    assert recording.history.loss.tolist() == history.loss.tolist()
    np.testing.assert_array_equal(predict(model, halves(50), accelerator=default_accelerator()), after[0])


def test_a_film_survives_its_file(tmp_path):
    recording, _, _ = recorded()
    recording.save(tmp_path / "run.npz")
    read = Recording.load(tmp_path / "run.npz", recording.scenes)
    assert read.history == recording.history
    for a, b in zip(read.preds, recording.preds, strict=True):
        np.testing.assert_array_equal(a, b)
        assert a.dtype == np.uint8


def test_a_film_of_other_scenes_is_refused(tmp_path):
    recording, _, _ = recorded()
    recording.save(tmp_path / "run.npz")
    with pytest.raises(ValueError, match=r"expected predictions of the shapes \[\(4, 9, 31\)\]"):
        Recording.load(tmp_path / "run.npz", recording.scenes[1:])


def test_a_run_that_goes_on_has_no_film(tmp_path):
    fit(small_network(), some_halves(4), [], recipe(), folder=tmp_path, after_epoch=lambda epoch: None)
    state = load_checkpoint(tmp_path / "last.pt")
    recorder = Recorder(small_network(), [halves(50)])
    with pytest.raises(ValueError, match="expected epoch 0, got 2"):
        recorder(History.from_dicts(state["history"]).epochs[2])


@pytest.mark.parametrize("count", [0, 11])
def test_a_recorder_wants_a_few_scenes(count):
    with pytest.raises(ValueError, match=f"expected 1 to 10 scenes, got {count}"):
        Recorder(small_network(), some_halves(count))


def test_the_stored_film_is_of_a_run_that_learned():
    recording = street_recording()
    epochs = recording.history.epochs
    assert [epoch.epoch for epoch in epochs] == list(range(len(epochs)))
    assert all(len(epoch.iou_per_class) == len(STREET) for epoch in epochs)
    assert recording.history.loss[-1] < recording.history.loss[0] / 2
    for scene, preds in zip(recording.scenes, recording.preds, strict=True):
        right = [((p == scene.semantic) & (scene.semantic != 255)).sum() for p in preds]
        assert right[-1] > 0.85 * (scene.semantic != 255).sum() > 4 * right[0]
