"""A scene refuses what is broken, keeps what it was given, and projects it without loss."""

import copy
import pickle
from dataclasses import FrozenInstanceError, replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from segedu import NO_INSTANCE, VOID, Category, Scene

ROAD = Category(0, "road", isthing=False, color=(128, 64, 128))
CAR = Category(1, "car", isthing=True, color=(0, 0, 142))
PERSON = Category(2, "person", isthing=True, color=(220, 20, 60))
CATEGORIES = (ROAD, CAR, PERSON)


def a_scene(**fields):
    """Two cars on a road, a crowd of persons, and one pixel that nobody labelled."""
    whole = {
        "image": np.arange(24, dtype=np.uint8).reshape(2, 4, 3),
        "semantic": np.array([[1, 1, 0, 255], [0, 2, 2, 1]]),
        "instance": np.array([[7, 7, 0, 0], [0, 0, 0, 3]]),
        "categories": CATEGORIES,
    }
    return Scene(**(whole | fields))


@st.composite
def scenes(draw):
    """Any scene up to 8×8: up to four categories, void, crowds, ids with gaps."""
    size = draw(hnp.array_shapes(min_dims=2, max_dims=2, max_side=8))
    isthing = np.array(draw(st.lists(st.booleans(), min_size=1, max_size=4)))
    labels = draw(hnp.arrays(np.uint8, size, elements=st.sampled_from([*range(len(isthing)), VOID])))
    numbers = draw(hnp.arrays(np.int32, size, elements=st.integers(0, 3)))
    # One class for each id: 4 · label + number, so label 0 has 1, 2, 3, label 1 has 5, 6, 7; 0 is a crowd.
    on_things = np.append(isthing, [False] * (VOID + 1 - len(isthing)))[labels] & (numbers > 0)
    return Scene(
        image=draw(hnp.arrays(np.uint8, (*size, 3), elements=st.integers(0, 255), fill=st.just(0))),
        semantic=labels,
        instance=np.where(on_things, 4 * labels.astype(int) + numbers, NO_INSTANCE),
        categories=tuple(
            Category(10 * k, f"class {k}", bool(thing), (k, 2 * k, 3 * k)) for k, thing in enumerate(isthing)
        ),
    )


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        # shapes
        ({"image": np.zeros((2, 4), np.uint8)}, r"Scene.image: expected shape \(H, W, 3\), got \(2, 4\)"),
        ({"image": np.zeros((2, 4, 4), np.uint8)}, r"Scene.image: expected shape \(H, W, 3\), got \(2, 4, 4\)"),
        (
            {"image": np.zeros((0, 4, 3), np.uint8)},
            r"Scene.image: expected at least one pixel, got shape \(0, 4, 3\)",
        ),
        ({"image": [[[0, 0, 0]], [[0, 0]]]}, "Scene.image: expected an array, got rows of different lengths"),
        ({"semantic": np.zeros((4, 2), int)}, r"Scene.semantic: expected shape \(2, 4\).*, got \(4, 2\)"),
        ({"semantic": np.zeros((2, 4, 1), int)}, r"Scene.semantic: expected shape \(2, 4\).*, got \(2, 4, 1\)"),
        ({"semantic": [[0], [0, 1]]}, "Scene.semantic: expected an array, got rows of different lengths"),
        ({"instance": np.zeros((2, 3), int)}, r"Scene.instance: expected shape \(2, 4\).*, got \(2, 3\)"),
        ({"instance": 0}, r"Scene.instance: expected shape \(2, 4\).*, got \(\)"),
        # types
        ({"image": np.zeros((2, 4, 3))}, r"Scene.image: expected dtype uint8 \(0 to 255\), got float64"),
        ({"image": np.zeros((2, 4, 3), np.int64)}, "Scene.image: expected dtype uint8 .*, got int64"),
        ({"semantic": np.zeros((2, 4))}, "Scene.semantic: expected an integer dtype, got float64"),
        ({"semantic": np.zeros((2, 4), bool)}, "Scene.semantic: expected an integer dtype, got bool"),
        ({"instance": np.zeros((2, 4), object)}, "Scene.instance: expected an integer dtype, got object"),
        # values
        (
            {"semantic": np.full((2, 4), 3)},
            r"Scene.semantic: expected class indices 0 to 2 or 255 \(void\), got 3",
        ),
        ({"semantic": np.full((2, 4), 254)}, "Scene.semantic: .*, got 254; translate the data set's own ids"),
        ({"semantic": np.full((2, 4), -1)}, "Scene.semantic: expected 0 to 255, got -1"),
        ({"semantic": np.full((2, 4), 256)}, "Scene.semantic: expected 0 to 255, got 256"),
        (
            {"semantic": np.full((2, 4), 2**63, np.uint64)},
            "Scene.semantic: expected 0 to 255, got 9223372036854775808",
        ),
        (
            {"semantic": np.arange(10, 18).reshape(2, 4), "instance": np.zeros((2, 4), int)},
            "got 10, 11, 12, 13, 14 and 3 more",
        ),
        ({"instance": np.full((2, 4), -1)}, "Scene.instance: expected 0 to 2147483647, got -1"),
        ({"instance": np.full((2, 4), 2**31)}, "Scene.instance: expected 0 to 2147483647, got 2147483648"),
        # the two maps together
        (
            {"instance": np.array([[7, 7, 5, 0], [0, 0, 0, 3]])},
            r"Scene.instance: expected 0 on stuff \('road'\), got instance 5; only things have instances",
        ),
        (
            {"instance": np.array([[7, 7, 0, 9], [0, 0, 0, 3]])},
            "Scene.instance: expected 0 on void, got instance 9",
        ),
        (
            {"instance": np.array([[7, 7, 0, 0], [0, 7, 0, 3]])},
            r"Scene.instance: expected one class for each instance, got \['car', 'person'\] for 7",
        ),
        # categories
        ({"categories": ()}, "Scene.categories: expected 1 to 255 categories, got 0"),
        (
            {"categories": tuple(replace(CAR, id=k) for k in range(256))},
            "Scene.categories: expected 1 to 255 categories, got 256",
        ),
        (
            {"categories": (ROAD, CAR, replace(PERSON, id=1))},
            r"expected each id once, got \[1\] more than once",
        ),
        ({"categories": ("road", "car", "person")}, "Scene.categories: expected Category objects, got 'road'"),
        ({"categories": ROAD}, "Scene.categories: expected Category objects in a tuple, got Category"),
    ],
)
def test_a_broken_scene_is_refused_by_field_expectation_and_fact(fields, message):
    with pytest.raises(ValueError, match=message):
        a_scene(**fields)


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"name": ""}, "Category.name: expected a non-empty name, got '' for id 1"),
        ({"name": None}, "Category.name: expected a non-empty name, got None"),
        ({"id": "1"}, "Category.id: expected an integer, got '1' for 'car'"),
        ({"id": 1.0}, "Category.id: expected an integer, got 1.0"),
        ({"isthing": "false"}, "Category.isthing: expected True or False, got 'false' for 'car'"),
        ({"isthing": 1}, "Category.isthing: expected True or False, got 1 for 'car'"),
        ({"color": (0, 0)}, r"Category.color: expected three integers from 0 to 255, got \(0, 0\) for 'car'"),
        ({"color": (0, 0, 256)}, r"Category.color: .*, got \(0, 0, 256\)"),
        ({"color": (0, -1, 0)}, r"Category.color: .*, got \(0, -1, 0\)"),
        ({"color": (0.5, 0.2, 0.1)}, r"Category.color: .*, got \(0.5, 0.2, 0.1\)"),
        ({"color": "red"}, "Category.color: .*, got 'red'"),
    ],
)
def test_a_broken_category_is_refused(fields, message):
    with pytest.raises(ValueError, match=message):
        replace(CAR, **fields)


def test_a_category_from_a_palette_array_equals_one_written_by_hand():
    palette = np.array([[0, 0, 142]], np.uint8)
    category = Category(np.int64(1), "car", np.True_, palette[0])
    assert category == CAR
    assert repr(category) == repr(CAR)
    assert hash(category) == hash(CAR)


def test_255_categories_are_allowed_and_the_last_one_is_not_void():
    categories = tuple(replace(CAR, id=k, name=f"class {k}") for k in range(255))
    scene = Scene(np.zeros((1, 2, 3), np.uint8), np.array([[254, 255]]), np.array([[1, 0]]), categories)
    # Pixel 0 is of class 254, pixel 1 is void and belongs to no segment.
    assert [(segment.label, segment.area) for segment in scene.segments()] == [(254, 1)]


def test_arrays_are_copied_and_read_only():
    image = np.zeros((1, 1, 3), np.uint8)
    semantic, instance = np.array([[1]], np.uint8), np.array([[1]], np.int32)
    scene = Scene(image, semantic, instance, CATEGORIES)
    image[:], semantic[:], instance[:] = 9, 0, 0
    assert scene.image.max() == 0
    assert scene.semantic[0, 0] == 1
    assert scene.instance[0, 0] == 1
    for array in (scene.image, scene.semantic, scene.instance, scene.segment_ids()):
        with pytest.raises(ValueError, match="read-only"):
            array[0, 0] = 0


def test_fields_cannot_be_set():
    with pytest.raises(FrozenInstanceError):
        a_scene().semantic = np.zeros((2, 4), np.uint8)


def test_stored_types_do_not_depend_on_the_input():
    scene = a_scene(categories=list(CATEGORIES), semantic=a_scene().semantic.tolist())
    assert (scene.image.dtype, scene.semantic.dtype, scene.instance.dtype) == (np.uint8, np.uint8, np.int32)
    assert isinstance(scene.categories, tuple)
    assert scene.size == (2, 4)


def test_replace_checks_again_and_forgets_the_old_segments():
    scene = a_scene()
    assert len(scene.segments()) == 4  # road, two cars, the crowd
    everything_road = replace(scene, semantic=np.zeros((2, 4), int), instance=np.zeros((2, 4), int))
    assert [segment.area for segment in everything_road.segments()] == [8]
    with pytest.raises(ValueError, match=r"expected 0 on stuff \('road'\)"):
        replace(scene, semantic=np.zeros((2, 4), int))


def test_the_projections_of_a_scene_by_hand():
    scene = a_scene()
    # In the order of the ids: 3 is the lower car, 7 the upper one. The crowd is no single object.
    masks, labels = scene.masks()
    np.testing.assert_array_equal(labels, [1, 1])
    np.testing.assert_array_equal(
        masks.astype(int), [[[0, 0, 0, 0], [0, 0, 0, 1]], [[1, 1, 0, 0], [0, 0, 0, 0]]]
    )
    # By class index, then instance id: road, car 3, car 7, crowd of persons.
    found = [(s.id, s.label, s.instance, s.isthing, s.iscrowd, s.area) for s in scene.segments()]
    assert found == [
        (1, 0, 0, False, False, 2),
        (2, 1, 3, True, False, 1),
        (3, 1, 7, True, False, 2),
        (4, 2, 0, True, True, 2),
    ]
    np.testing.assert_array_equal(scene.segment_ids(), [[3, 3, 1, 0], [1, 4, 4, 2]])


def test_a_scene_without_things_has_no_masks():
    scene = a_scene(semantic=np.zeros((2, 4), int), instance=np.zeros((2, 4), int))
    masks, labels = scene.masks()
    assert masks.shape == (0, 2, 4)
    assert labels.shape == (0,)


def test_a_scene_of_void_has_no_segments():
    scene = a_scene(semantic=np.full((2, 4), VOID), instance=np.zeros((2, 4), int))
    assert scene.segments() == ()
    assert not scene.segment_ids().any()


@settings(deadline=None)
@given(scenes())
def test_masks_are_disjoint_and_cover_the_numbered_thing_pixels(scene):
    masks, labels = scene.masks()
    np.testing.assert_array_equal(masks.sum(axis=0), scene.instance != NO_INSTANCE)
    assert masks.any(axis=(1, 2)).all()
    for mask, label in zip(masks, labels, strict=True):
        assert scene.categories[label].isthing
        assert set(scene.semantic[mask].tolist()) == {label}
        assert len(set(scene.instance[mask].tolist())) == 1


@settings(deadline=None)
@given(scenes())
def test_areas_of_segments_add_up_to_the_labelled_pixels(scene):
    segments, ids = scene.segments(), scene.segment_ids()
    assert sum(segment.area for segment in segments) == (scene.semantic != VOID).sum()
    areas = np.bincount(ids.ravel(), minlength=len(segments) + 1)
    assert areas[1:].tolist() == [segment.area for segment in segments]
    assert [segment.id for segment in segments] == list(range(1, len(segments) + 1))


@settings(deadline=None)
@given(scenes())
def test_the_panoptic_map_and_its_segments_restore_both_label_maps(scene):
    ids = scene.segment_ids()
    labels = np.array([VOID, *(segment.label for segment in scene.segments())])
    instances = np.array([NO_INSTANCE, *(segment.instance for segment in scene.segments())])
    np.testing.assert_array_equal(labels[ids], scene.semantic)
    np.testing.assert_array_equal(instances[ids], scene.instance)


@settings(deadline=None)
@given(scenes())
def test_only_things_without_a_number_are_crowds(scene):
    for segment in scene.segments():
        assert segment.isthing == scene.categories[segment.label].isthing
        assert segment.iscrowd == (segment.isthing and segment.instance == NO_INSTANCE)


@settings(deadline=None)
@given(scenes())
def test_pickles_and_copies_are_equal_and_still_read_only(scene):
    scene.segments()  # what was computed before must not be in the way
    for twin in (pickle.loads(pickle.dumps(scene)), copy.deepcopy(scene), copy.copy(scene)):
        assert twin == scene
        assert twin.segments() == scene.segments()
        assert not any(array.flags.writeable for array in (twin.image, twin.semantic, twin.instance))


@pytest.mark.parametrize(
    "fields",
    [
        {"image": np.zeros((2, 4, 3), np.uint8)},
        {"semantic": np.array([[1, 1, 0, 0], [0, 2, 2, 1]])},
        {"instance": np.array([[7, 7, 0, 0], [0, 0, 0, 4]])},
        {"categories": (ROAD, CAR, replace(PERSON, name="pedestrian"))},
    ],
    ids=["image", "semantic", "instance", "categories"],
)
def test_scenes_are_equal_only_if_every_field_is(fields):
    assert a_scene() == a_scene()
    assert a_scene() != a_scene(**fields)


def test_a_scene_equals_nothing_else_and_has_no_hash():
    assert a_scene() != "a scene"
    with pytest.raises(TypeError, match="unhashable"):
        hash(a_scene())


def test_the_representation_tells_size_categories_instances_and_void():
    # One pixel of eight is void: 12.5 %. The crowd is no instance.
    assert repr(a_scene()) == "Scene(2×4 pixels, 3 categories, 2 instances, 12.5 % void)"
