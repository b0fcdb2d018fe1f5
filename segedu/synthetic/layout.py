"""What stands where: the plan of a street in metres, before anything is drawn.

Seen from above, x runs to the right and z ahead. People drive on the right. From the middle outwards: a lane
each way, perhaps a strip of parked cars, the kerb at ±`road`, a pavement as far as the walls, then houses and
gardens.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from segedu.synthetic.camera import Camera
from segedu.synthetic.draws import Draws, Row

END = 105.0  # the street ends here, metres
LANE = 3.3
LIMITS = {"car": 18, "pedestrian": 40, "bicycle": 16, "sign": 12, "tree": 20}


@dataclass(frozen=True)
class Lot:
    """A piece of land beside the pavement from depth `near` to `far`: a house, or a garden behind a hedge."""

    near: float
    far: float
    garden: bool
    height: float  # of the wall, or of the hedge
    look: Row


@dataclass(frozen=True)
class Item:
    """One thing or tree: its kind, where it stands, which way it faces (−1 or 1), and what it looks like."""

    kind: str
    x: float
    z: float
    facing: int
    look: Row


@dataclass(frozen=True)
class Street:
    """A street: its roads, walls, lots and items."""

    road: float  # from the middle to the kerb
    parking: float  # width of the strip of parked cars, 0 if there is none
    left: float  # x of the walls
    right: float
    crossing: float  # depth at which the crosswalk begins
    arrow: bool  # painted on our lane
    sun_side: int  # −1: the sun is on the left
    autumn: float  # 0 to 1: how far the leaves have turned
    lots: tuple[tuple[Lot, ...], tuple[Lot, ...]]
    items: tuple[Item, ...]  # near to far


def plan(draws: Draws, camera: Camera, counts: dict[str, int | None], crowd: bool) -> Street:
    """Lay out a street. `counts` holds how many of each kind there are; None leaves it to the seed."""
    row = draws.row("street", 1)
    parking = 2.1 if row.chance(0.6) else 0.0
    road = LANE + parking + 0.3
    left, right = -road - row.between(3.4, 5.2), road + row.between(3.2, 5.0)
    first = row.between(12.0, 17.0)
    street = Street(
        road=road,
        parking=parking,
        left=left,
        right=right,
        crossing=first if row.chance(0.6) else first + 11.0,
        sun_side=-1 if row.chance(0.5) else 1,
        autumn=row.between(0.4, 1.0) if row.chance(0.28) else row.between(0.0, 0.12),
        arrow=row.chance(0.4),
        lots=_lots(draws, town=row.unit()),
        items=(),
    )
    numbers = {
        "car": row.whole(3, 5),
        "pedestrian": row.whole(2, 5),
        "bicycle": row.whole(0, 2),
        "sign": row.whole(1, 2),
        "tree": row.whole(2, 5),
    }
    numbers |= {kind: count for kind, count in counts.items() if count is not None}
    items = _cars(draws, street, camera, numbers["car"])
    items += _pedestrians(draws, street, camera, numbers["pedestrian"])
    items += _bicycles(draws, street, camera, numbers["bicycle"])
    items += _signs(draws, street, camera, numbers["sign"])
    items += _trees(draws, street, camera, numbers["tree"])
    if crowd:
        items += _crowd(draws, street)
    items.sort(key=lambda item: item.z)
    return replace(street, items=tuple(items))


def _lots(draws: Draws, town: float) -> tuple[tuple[Lot, ...], tuple[Lot, ...]]:
    """Both sides; `town` 0 means low houses and gardens, 1 tall houses wall to wall."""
    sides = []
    for side in ("left", "right"):
        lots: list[Lot] = []
        near = 3.0
        while near < END - 3:
            look = draws.row(side, len(lots))
            far = min(near + look.between(9.0, 17.0) * (1.0 if near < 45 else 1.8), END)
            after_house = bool(lots) and not lots[-1].garden
            garden = look.chance(0.34 - 0.26 * town) and after_house
            floors = look.whole(int(1 + town), int(2.3 + 2.6 * town))
            height = look.between(0.9, 1.4) if garden else 4.4 + 3.1 * floors
            lots.append(Lot(near, far, garden, height, look))
            near = far
        sides.append(tuple(lots))
    return sides[0], sides[1]


def _cars(draws: Draws, street: Street, camera: Camera, count: int) -> list[Item]:
    """Parked and moving cars, in places that cannot collide; one of the first is close enough to look at."""
    lanes = [(LANE / 2, 1, 14.0), (-LANE / 2, -1, 9.0)]
    if street.parking:
        x = street.road - street.parking / 2
        lanes += [(x, 1, 5.5), (-x, -1, 5.5)]
    places = []
    for lane, (x, facing, nearest) in enumerate(lanes):
        chance = draws.row("slots", lane)
        parked = lane > 1
        z = max(nearest, camera.first_depth(x) * 0.9)
        for _ in range(12):
            here, order = z + (0.8 if parked else 1.8) * chance.unit(), chance.unit()
            if here < END - 6 and not street.crossing - 5.2 < here < street.crossing + 3.6:
                places.append((order + 0.006 * here - 0.3 * (8.0 < here < 17.0), x, here, facing))
            z += 6.3 if parked else 7.4
    places.sort()
    return [
        Item("car", x, z, facing, draws.row("car", k)) for k, (_, x, z, facing) in enumerate(places[:count])
    ]


def _pedestrians(draws: Draws, street: Street, camera: Camera, count: int) -> list[Item]:
    """People on both pavements and on the crosswalk, the first ones near."""
    items = []
    for k in range(count):
        look = draws.row("pedestrian", k)
        facing = -1 if look.chance(0.5) else 1
        if look.chance(0.3):
            x = look.between(-street.road + 0.4, street.road - 0.4)
            z = street.crossing + look.between(0.4, 2.8)
        else:
            side = street.right if look.chance(0.5) else street.left
            kerb = street.road if side > 0 else -street.road
            x = kerb + (side - kerb) * look.between(0.2, 0.85)
            reach = look.unit()
            z = camera.first_depth(x) * 1.08 + 0.5 + (2.0 * reach if k < 2 else 38.0 * reach * reach)
        items.append(Item("pedestrian", x, z, facing, look))
    return items


def _bicycles(draws: Draws, street: Street, camera: Camera, count: int) -> list[Item]:
    """Bicycles parked along the kerb or the wall, some of them side by side."""
    items: list[Item] = []
    for k in range(count):
        look = draws.row("bicycle", k)
        side = street.right if look.chance(0.5) else street.left
        reach, at_wall, facing = look.unit(), look.chance(0.6), -1 if look.chance(0.5) else 1
        if items and look.chance(0.45):
            x, z = items[-1].x, items[-1].z + 0.8
        else:
            x = side - 1.15 * (1 if side > 0 else -1)
            if not at_wall:
                x = (street.road + 0.9) * (1 if side > 0 else -1)
            z = camera.first_depth(x) * 1.1 + 0.4 + (1.5 * reach if k == 0 else 26.0 * reach)
        items.append(Item("bicycle", x, z, facing, look))
    return items


def _signs(draws: Draws, street: Street, camera: Camera, count: int) -> list[Item]:
    """Traffic signs at the kerb."""
    items = []
    for k in range(count):
        look = draws.row("sign", k)
        side = 1 if look.chance(0.65) else -1
        x = side * (street.road + look.between(0.35, 0.7))
        reach = look.unit()
        z = camera.first_depth(x) * 1.12 + 1.0 + (3.0 * reach if k == 0 else 34.0 * reach)
        items.append(Item("sign", x, z, 1, look))
    return items


def _trees(draws: Draws, street: Street, camera: Camera, count: int) -> list[Item]:
    """A row of trees along one kerb or both."""
    row = draws.row("slots", 4)
    start, pace, both = row.between(14.0, 26.0), row.between(8.0, 12.0), row.chance(0.45)
    side = -1 if row.chance(0.5) else 1
    shift = pace * row.between(0.2, 0.8)  # the row on the other side begins later
    items = []
    for k in range(count):
        look = draws.row("tree", k)
        here = side * (-1) ** k if both else side
        x = here * (street.road + 0.9)
        z = max(start, 1.2 * camera.first_depth(x)) + pace * (k // 2 if both else k) + look.between(-1.0, 1.0)
        if here != side:
            z += shift
        if z > END - 4:
            z = start + look.unit() * (END - 4 - start)
        items.append(Item("tree", x, z, 1, look))
    return items


def _crowd(draws: Draws, street: Street) -> list[Item]:
    """A group of people so far away that they cannot be told apart."""
    row = draws.row("slots", 5)
    side = street.right if row.chance(0.5) else street.left
    z0, items = row.between(21.0, 29.0), []
    for k in range(14):
        look = draws.row("crowd", k)
        kerb = street.road if side > 0 else -street.road
        x = kerb + (side - kerb) * look.between(-0.15, 0.95)
        facing = -1 if look.chance(0.5) else 1
        items.append(Item("crowd", x, z0 + look.between(0.0, 3.5), facing, look))
    return items
