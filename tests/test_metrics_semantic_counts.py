"""The confusion matrix: by hand, by definition, against scikit-learn and torchmetrics, and what is refused."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import confusion_matrix as sklearn_matrix
from torchmetrics.functional.classification import multiclass_confusion_matrix

from segedu.metrics import confusion, confusion_matrix

pytestmark = pytest.mark.filterwarnings("ignore:A single label was found:UserWarning")  # scikit-learn

INTEGERS = [np.dtype(f"{sign}{size}") for sign in "iu" for size in (1, 2, 4, 8)]
BIG_ENDIAN = [dtype.newbyteorder(">") for dtype in INTEGERS if dtype.itemsize > 1]

TARGET = np.array([[0, 0, 1, 1], [0, 0, 1, 1], [0, 0, 2, 255]])
PREDS = np.array([[0, 0, 1, 1], [0, 0, 0, 1], [0, 0, 1, 2]])
# Of class 0 all 6 were found; of class 1 three, and one was called 0; the one of class 2 was called 1.
COUNTS = [[6, 0, 0], [1, 3, 0], [0, 1, 0]]


def by_definition(preds, target, num_classes, ignore_index=255):
    counts = np.zeros((num_classes, num_classes), np.int64)
    for p, t in zip(np.ravel(preds).tolist(), np.ravel(target).tolist(), strict=True):
        if t != ignore_index:
            counts[t, p] += 1
    return counts


def blobs(rng, shape, labels, run):
    """Labels in runs of about so many pixels; 1 is noise."""
    size = int(np.prod(shape))
    lengths = rng.integers(1, 2 * run, 3 * size // run + 20)  # about three times what is needed
    return np.repeat(rng.choice(labels, lengths.size), lengths)[:size].reshape(shape)


def pair(rng, shape, num_classes, run, void=255):
    """A prediction and a target with void. Not all classes occur."""
    classes = rng.permutation(num_classes)[: max(1, num_classes * 2 // 3)]
    labels = classes if void is None else np.append(classes, void)
    return blobs(rng, shape, classes, run), blobs(rng, shape, labels, run)


@st.composite
def pairs(draw):
    num_classes = draw(st.sampled_from([1, 2, 3, 11, 15, 16, 19, 133, 255]))
    shape = draw(st.tuples(st.integers(1, 40), st.integers(1, 40)))
    rng = np.random.default_rng(draw(st.integers(0, 2**32)))
    return *pair(rng, shape, num_classes, draw(st.sampled_from([1, 2, 5, 8, 50, 2000]))), num_classes


def test_twelve_pixels_by_hand():
    counts = confusion_matrix(PREDS, TARGET, num_classes=3)
    assert counts.tolist() == COUNTS
    assert counts.dtype == np.int64


def test_rows_are_the_truth():
    # One pixel of class 0 that was called 1.
    assert confusion_matrix(preds=[1], target=[0], num_classes=2).tolist() == [[0, 1], [0, 0]]


@settings(deadline=None, max_examples=150)
@given(pairs(), st.sampled_from([7, 64, 1 << 18]))
def test_counts_equal_the_definition(case, chunk):
    preds, target, num_classes = case
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(confusion, "_CHUNK", chunk)  # runs that are cut at the end of a chunk count in two parts
        patch.setattr(confusion, "_PART", 5)
        counts = confusion_matrix(preds, target, num_classes)
    np.testing.assert_array_equal(counts, by_definition(preds, target, num_classes))


@settings(deadline=None, max_examples=50)
@given(pairs(), st.sampled_from([np.uint8, np.int64]))
def test_counts_equal_scikit_learn_and_torchmetrics(case, dtype):
    preds, target, num_classes = case
    known = target != 255
    counts = confusion_matrix(preds.astype(dtype), target.astype(dtype), num_classes)
    if known.any():
        np.testing.assert_array_equal(
            counts, sklearn_matrix(target[known], preds[known], labels=range(num_classes))
        )
    if num_classes > 1:  # torchmetrics knows no single class
        theirs = multiclass_confusion_matrix(
            torch.from_numpy(preds), torch.from_numpy(target), num_classes, ignore_index=255
        )
        np.testing.assert_array_equal(counts, theirs.numpy())


@pytest.mark.parametrize("run", [1, 2, 4, 8, 30, 1000])
@pytest.mark.parametrize("dtype", [np.uint8, np.int64])
def test_large_maps_count_the_same_at_every_density(run, dtype):
    # More than one chunk; the reference is the usual five lines.
    preds, target = pair(np.random.default_rng(run), (1000, 900), 19, run)
    known = target != 255
    expected = np.bincount(19 * target[known] + preds[known], minlength=19 * 19).reshape(19, 19)
    np.testing.assert_array_equal(confusion_matrix(preds.astype(dtype), target.astype(dtype), 19), expected)


@pytest.mark.parametrize("calm", [slice(None, 200), slice(200, 400), slice(400, None)])
def test_noise_in_a_part_of_the_image_counts_the_same(calm):
    preds, target = pair(np.random.default_rng(0), (600, 400), 5, 1)
    preds[calm], target[calm] = 3, 2
    np.testing.assert_array_equal(confusion_matrix(preds, target, 5), by_definition(preds, target, 5))


@pytest.mark.parametrize("run", [1, 40])
@pytest.mark.parametrize("dtype", INTEGERS + BIG_ENDIAN, ids=str)
def test_every_integer_dtype_counts_the_same(dtype, run):
    preds, target = pair(np.random.default_rng(1), (30, 30), 7, run, void=100)
    counts = confusion_matrix(preds.astype(dtype), target.astype(dtype), 7, ignore_index=100)
    np.testing.assert_array_equal(counts, by_definition(preds, target, 7, 100))
    mixed = confusion_matrix(preds.astype(dtype), target.astype(np.uint8), 7, ignore_index=100)
    np.testing.assert_array_equal(mixed, counts)


@pytest.mark.parametrize("run", [1, 40])
@pytest.mark.parametrize("num_classes", [1, 2, 14, 15, 16, 17, 254, 255, 256])
@pytest.mark.parametrize("dtype", [np.uint8, np.int32])
def test_every_number_of_classes_uses_all_its_labels(num_classes, run, dtype):
    # Up to 15 classes the table's cells fit one byte, up to 255 two.
    rng = np.random.default_rng(2)
    preds, target = (blobs(rng, (100, 99), np.arange(num_classes), run).astype(dtype) for _ in range(2))
    preds[:3], target[:3] = num_classes - 1, num_classes - 1
    counts = confusion_matrix(preds, target, num_classes, ignore_index=None)
    np.testing.assert_array_equal(counts, by_definition(preds, target, num_classes, None))


@pytest.mark.parametrize("run", [1, 40])
@pytest.mark.parametrize("void", [-1, -100, 7, 11, 254, 256, 300, 2**40, -(2**63)])
def test_void_may_be_any_label_that_is_no_class(void, run):
    preds, target = pair(np.random.default_rng(3), (30, 30), 7, run, void=void)
    counts = confusion_matrix(preds, target, 7, ignore_index=void)
    np.testing.assert_array_equal(counts, by_definition(preds, target, 7, void))
    assert counts.sum() < target.size


def test_256_classes_leave_room_for_void_in_wider_labels():
    preds, target = pair(np.random.default_rng(4), (60, 60), 256, 3, void=-1)
    counts = confusion_matrix(preds, target, 256, ignore_index=-1)
    np.testing.assert_array_equal(counts, by_definition(preds, target, 256, -1))


@pytest.mark.parametrize(
    "view",
    [
        lambda a: a.T,
        lambda a: a[::2, ::3],
        lambda a: a[::-1, ::-1],
        lambda a: a[5:50, 7:],
        np.asfortranarray,
        lambda a: a[:, :1],
        lambda a: a.reshape(6, 10, 80),
        lambda a: a.ravel(),
        lambda a: a[3, 4],
        lambda a: np.broadcast_to(a[:1], (9, 80)),
    ],
)
def test_views_of_any_shape_and_order_count_their_own_pixels(view):
    preds, target = (view(labels) for labels in pair(np.random.default_rng(5), (60, 80), 5, 6))
    np.testing.assert_array_equal(confusion_matrix(preds, target, 5), by_definition(preds, target, 5))


def test_arrays_are_only_read():
    preds, target = PREDS.astype(np.uint8), TARGET.astype(np.uint8)
    preds.flags.writeable = target.flags.writeable = False
    assert confusion_matrix(preds, target, 3).tolist() == COUNTS


def test_lists_and_torch_tensors_are_arrays_too():
    assert confusion_matrix(PREDS.tolist(), TARGET.tolist(), 3).tolist() == COUNTS
    assert confusion_matrix(torch.from_numpy(PREDS), torch.from_numpy(TARGET), 3).tolist() == COUNTS


def test_one_pixel():
    assert confusion_matrix(np.array([[1]]), np.array([[2]]), 3).tolist() == [[0, 0, 0], [0, 0, 0], [0, 1, 0]]


@pytest.mark.parametrize("shape", [(0,), (0, 5), (3, 0, 2)])
def test_no_pixel_gives_zeros(shape):
    assert confusion_matrix(np.zeros(shape, int), np.zeros(shape, int), 2).tolist() == [[0, 0], [0, 0]]


@pytest.mark.parametrize("dtype", [np.uint8, np.int64])
def test_all_void_gives_zeros(dtype):
    void = np.full((4, 5), 255, dtype)
    assert not confusion_matrix(np.ones((4, 5), dtype), void, 3).any()
    assert not confusion_matrix(void, void, 3).any()


@settings(deadline=None, max_examples=50)
@given(pairs(), st.integers(0, 2**32))
def test_predictions_on_void_change_nothing(case, seed):
    preds, target, num_classes = case
    others = blobs(np.random.default_rng(seed), preds.shape, np.append(np.arange(num_classes), 255), 3)
    changed = np.where(target == 255, others, preds)
    for dtype in (np.uint8, np.int16):
        np.testing.assert_array_equal(
            confusion_matrix(changed.astype(dtype), target.astype(dtype), num_classes),
            confusion_matrix(preds, target, num_classes),
        )


@settings(deadline=None, max_examples=30)
@given(pairs())
def test_counts_of_parts_add_up(case):
    preds, target, num_classes = case
    rows = zip(preds, target, strict=True)
    parts = sum(confusion_matrix(p, t, num_classes) for p, t in rows)
    np.testing.assert_array_equal(parts, confusion_matrix(preds, target, num_classes))


def test_truth_and_prediction_changing_places_transpose_the_matrix():
    preds, target = pair(np.random.default_rng(6), (50, 50), 6, 4, void=None)
    np.testing.assert_array_equal(confusion_matrix(preds, target, 6), confusion_matrix(target, preds, 6).T)


def with_label(labels, value, dtype):
    changed = labels.astype(dtype)
    changed[0, 0] = value
    return changed


OUTSIDE = [
    (np.uint8, 3),
    (np.uint8, 254),
    (np.int8, -1),
    (np.int8, -128),
    (np.int64, -1),
    (np.int64, 256),  # 256 and 258 would be classes 0 and 2 if they were cut to a byte
    (np.int64, 258),
    (np.int64, -254),
    (np.int64, 2**40),
    (np.int64, -(2**63)),
    (np.uint64, 2**64 - 1),
    (np.uint16, 65535),
]


@pytest.mark.parametrize("run", [1, 30])
@pytest.mark.parametrize("void", [None, 100, 255])
@pytest.mark.parametrize(("dtype", "value"), OUTSIDE)
def test_a_label_that_is_no_class_is_refused(dtype, value, void, run):
    if void is not None and void > np.iinfo(dtype).max:
        void = 100  # int8 does not hold 255
    preds, target = pair(np.random.default_rng(7), (20, 20), 3, run, void=void)
    allowed = "0 to 2" if void is None else f"0 to 2 or {void} .void."
    with pytest.raises(ValueError, match=f"target: expected class indices {allowed}, got {value}$"):
        confusion_matrix(preds.astype(dtype), with_label(target, value, dtype), 3, ignore_index=void)
    for truth in (1, 1 if void is None else void):  # also where the truth is void
        target[0, 0] = truth
        with pytest.raises(ValueError, match=f"preds: expected class indices 0 to 2, got {value}$"):
            confusion_matrix(with_label(preds, value, dtype), target.astype(dtype), 3, ignore_index=void)


@pytest.mark.parametrize("run", [1, 30])
@pytest.mark.parametrize("dtype", [np.uint8, np.int64])
def test_void_predicted_on_known_truth_is_refused(dtype, run):
    preds, target = pair(np.random.default_rng(8), (20, 20), 3, run)
    preds, target = with_label(preds, 255, dtype), with_label(target, 1, dtype)
    with pytest.raises(
        ValueError, match=r"preds: .* wherever the truth is known, got 255 .*predict the likeliest"
    ):
        confusion_matrix(preds, target, 3)


def test_an_answer_left_out_can_be_a_class_of_its_own():
    # What the message advises: of four pixels one is right, one wrong, and two got no answer (class 2).
    preds, target = np.array([0, 0, 255, 255]), np.array([0, 1, 0, 1])
    counts = confusion_matrix(np.where(preds == 255, 2, preds), target, num_classes=3)
    assert counts.tolist() == [[1, 0, 1], [1, 0, 1], [0, 0, 0]]


def test_without_void_255_is_a_label_like_any_other():
    preds, target = np.zeros((2, 2), np.uint8), np.array([[0, 0], [0, 255]], np.uint8)
    with pytest.raises(ValueError, match=r"target: expected class indices 0 to 2, got 255; ignore_index=255"):
        confusion_matrix(preds, target, 3, ignore_index=None)
    assert confusion_matrix(preds, target, 256, ignore_index=None)[255, 0] == 1


def test_many_wrong_labels_are_named_in_order():
    with pytest.raises(ValueError, match=r"got -2, -1, 3, 4, 5 and 2 more$"):
        confusion_matrix(np.zeros(9, int), [7, 6, 5, 4, 3, 2, 1, -1, -2], 3)


@pytest.mark.parametrize("num_classes", [0, -1, 257, 2.0, True, "3", None])
def test_the_number_of_classes_is_an_integer_from_1_to_256(num_classes):
    with pytest.raises(ValueError, match="num_classes: expected an integer from 1 to 256"):
        confusion_matrix(PREDS, TARGET, num_classes)


@pytest.mark.parametrize(("num_classes", "ignore_index"), [(256, 255), (3, 0), (3, 2), (3, np.uint8(1))])
def test_void_cannot_be_a_class(num_classes, ignore_index):
    with pytest.raises(ValueError, match="ignore_index: expected a label that is no class"):
        confusion_matrix(PREDS, TARGET, num_classes, ignore_index)


@pytest.mark.parametrize("ignore_index", [1.5, "255", True])
def test_void_is_an_integer_or_none(ignore_index):
    with pytest.raises(ValueError, match="ignore_index: expected an integer or None"):
        confusion_matrix(PREDS, TARGET, 3, ignore_index)


@pytest.mark.parametrize("shape", [(4, 3), (12,), (1, 3, 4), (3, 1)])
def test_two_shapes_are_refused(shape):
    with pytest.raises(ValueError, match=r"expected arrays of one shape, got \(.*\) and \(3, 4\)"):
        confusion_matrix(np.zeros(shape, int), TARGET, 3)


@pytest.mark.parametrize(
    ("preds", "message"),
    [
        (PREDS == 1, r"preds: expected integer labels, got bool; mask.astype"),
        (PREDS / 2, r"preds: expected integer labels, got dtype float64; .*argmax"),
        (PREDS.astype(object), "preds: expected integer labels, got dtype object"),
        (PREDS.astype(str), "preds: expected integer labels, got dtype"),
        ([[1, 2], [1]], "preds: expected an array, got rows of different lengths"),
        (None, "preds: expected integer labels, got dtype object"),
    ],
)
def test_what_holds_no_labels_is_refused(preds, message):
    with pytest.raises(ValueError, match=message):
        confusion_matrix(preds, TARGET, 3)
    with pytest.raises(ValueError, match="target: expected"):
        confusion_matrix(PREDS, preds, 3)
