"""What a step of a network is, in words that the page reads out."""

from __future__ import annotations

from collections.abc import Sequence

from segedu.widgets.network_fields import Cut, Read
from segedu.widgets.network_trace import Link, Step
from segedu.widgets.sentences import plural


def size_of(count: int) -> str:
    """Bytes as people write them, a thousand to a kB.

    Examples
    --------
    >>> size_of(999), size_of(100_352), size_of(12_845_056), size_of(1_200_000_000)
    ('999 B', '100 kB', '12.8 MB', '1.2 GB')
    """
    if count < 1000:
        return f"{count} B"
    if count < 999_500:
        return f"{count / 1e3:.0f} kB"
    return f"{count / 1e6:.1f} MB" if count < 999_950_000 else f"{count / 1e9:.1f} GB"


def shape_of(step: Step) -> str:
    """As "64 × 112 × 112": channels, height, width."""
    return " × ".join(str(number) for number in step.shape)


def sources(step: Step, number: int) -> list[tuple[int, str]]:
    """The earlier steps that a step takes something from, and what: each with a few words."""
    return [(read.step, _source(read, number)) for read in step.reads]


def _source(read: Read, number: int) -> str:
    if read.switches:
        return f"the switches of step {read.step}"
    cut = any(isinstance(window, Cut) for window in read.windows)
    before = "the step before" if read.step == number - 1 else f"step {read.step}"
    return f"the map of {before}" + (", cut to size" if cut else "")


def uses(links: Sequence[Link], number: int) -> list[tuple[int, str]]:
    """Where the map of a step goes by a skip link, each with a few words."""
    words = {
        "concatenated": "its map is concatenated in",
        "summed": "its map is summed in",
        "switches": "its switches are used in",
    }
    return [(link.target, f"{words[link.how]} step {link.target}") for link in links if link.source == number]


def describe_step(steps: Sequence[Step], number: int) -> str:
    """A step in full sentences.

    Examples
    --------
    >>> from segedu.upsampling import Layer
    >>> image = Step("image", "image", "", (3, 8, 8), 0, (), (4, 4, 5, 5))
    >>> read = Read(0, (Layer(3, padding=1),))
    >>> conv = Step("conv", "conv 3×3", "first", (4, 8, 8), 112, (read,), (3, 3, 6, 6))
    >>> print(describe_step([image, conv], 1))
    Step 1 of 1, conv 3×3. It takes the map of the step before. Its map has 4 × 8 × 8 numbers (channels × \
height × width), 1 kB. The middle one sees 3 × 3 pixels of the picture. 112 parameters.
    """
    step, (height, width) = steps[number], steps[0].shape[1:]
    shape = f"{shape_of(step)} numbers (channels × height × width), {size_of(step.memory)}."
    if number == 0:
        return f"The picture: {shape}"
    takes = " and ".join(words for _, words in sources(step, number))
    left, top, right, bottom = step.box
    beyond = " and beyond its border" if min(left, top) < 0 or right > width or bottom > height else ""
    parts = [
        f"Step {number} of {len(steps) - 1}, {step.label}.",
        f"It takes {takes}.",
        f"Its map has {shape}",
        f"The middle one sees {step.field[0]} × {step.field[1]} pixels of the picture{beyond}.",
        f"{plural(step.parameters, 'parameter')}." if step.parameters else "No parameters.",
    ]
    return " ".join(parts)
