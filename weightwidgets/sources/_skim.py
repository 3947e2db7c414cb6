"""Reads what a pickle would do, without doing any of it.

torch's restricted unpickler runs no foreign code, but it does what it is told with what it allows: it makes a
tensor of 10**12 elements, or hashes a tuple that holds itself sixty times over, which never ends. Here the
same few instructions are followed with stand-ins: numbers and texts are themselves, everything else is
opaque. What the result would cost is then known before torch sees the file.
"""

from __future__ import annotations

import pickletools
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

from weightwidgets.sources._limits import CheckpointError, Clock, over_limit, shown

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from weightwidgets.sources._limits import Limits

# Calls whose numbers are the size of what they allocate; every class of tensor and storage is another.
_ALLOCATING = ("builtins bytearray", "__builtin__ bytearray", "torch._utils _rebuild_qtensor")
# Bytes of an element in each of torch's storages.
_ITEM_SIZES = {
    "UntypedStorage": 1, "ByteStorage": 1, "CharStorage": 1, "BoolStorage": 1, "ShortStorage": 2,
    "IntStorage": 4, "LongStorage": 8, "HalfStorage": 2, "BFloat16Storage": 2, "FloatStorage": 4,
    "DoubleStorage": 8, "ComplexFloatStorage": 8, "ComplexDoubleStorage": 16, "QInt8Storage": 1,
    "QUInt8Storage": 1, "QInt32Storage": 4, "QUInt4x2Storage": 1, "QUInt2x4Storage": 1,
}  # fmt: skip
# Hashing and copying visit every part of a tuple, and parts of parts: the visits that all of a file may cost.
_VISITS = 20_000_000
_CLOCK_EVERY = 10_000


class StoredPart(NamedTuple):
    """A storage that the pickle asks for."""

    key: str
    nbytes: int


@dataclass(slots=True)
class _Container:
    """Anything with parts: how many visits it takes to walk them all, and what they are in a tuple."""

    visits: int = 1
    parts: tuple[Any, ...] = ()
    placed: bool = False


class _Global(str):
    """The name of something importable, ``"module name"``."""

    __slots__ = ()


class PickleSkim:
    """Follows one pickle.

    Parameters
    ----------
    file
        For messages.
    size
        Size of the file in bytes: nothing in it may stand for more.
    limits
        Tensors, nesting and time.

    Attributes
    ----------
    storages
        Every storage that is asked for, by key.
    names
        Every importable name in the pickle, ``"module name"``.
    """

    def __init__(self, file: str, size: int, limits: Limits) -> None:
        self.storages: dict[str, StoredPart] = {}
        self.names: set[str] = set()
        self._file, self._size, self._limits = file, size, limits
        self._stack: list[Any] = []
        self._below: list[list[Any]] = []
        self._memo: dict[int, Any] = {}
        self._visits = 0
        self._tensors = 0

    def follow(self, pickle: Any) -> None:
        """Follow the instructions of a pickle, given as bytes or as an open file, to its end.

        Raises
        ------
        CheckpointError
            It asks for too much, or for something that torch's restricted unpickler does not do.
        Exception
            Whatever follows from instructions that make no sense.
        """
        self._stack, self._below, self._memo = [], [], {}
        clock = Clock(self._limits)
        for count, (opcode, argument, _) in enumerate(pickletools.genops(pickle)):
            if count % _CLOCK_EVERY == 0:
                clock.check(self._file)
            step = _STEPS.get(opcode.name)
            if step is None:
                raise self._unsafe(f"it holds the instruction {opcode.name}")
            step(self, argument)

    def push(self, value: Any) -> None:
        """Put a plain value on the stack."""
        self._stack.append(value)

    def container(self, _argument: object) -> None:
        """Make an empty list, mapping or set."""
        self._stack.append(_Container())

    def mark(self, _argument: object) -> None:
        """Begin a group of operands."""
        self._below.append(self._stack)
        self._stack = []

    def group(self) -> list[Any]:
        """Take the operands since the last mark."""
        items, self._stack = self._stack, self._below.pop()
        return items

    def tuple_of(self, items: list[Any]) -> None:
        """Make a tuple."""
        made = _Container(1 + self._place(items), tuple(items), placed=True)
        self._count(made.visits)
        self._stack.append(made)

    def last(self, count: int) -> list[Any]:
        """Take the last operands."""
        items = self._stack[-count:]
        if len(items) < count:
            raise ValueError("the stack is empty")
        del self._stack[-count:]
        return items

    def add(self, items: list[Any]) -> None:
        """Put items into the container on top of the stack; keys of a mapping are hashed."""
        target = self._stack[-1]
        if not isinstance(target, _Container) or target.placed:
            # A thing that holds itself is never a checkpoint, and its size unfolded has no end.
            raise self._unsafe("it fills something that is complete already")
        self._count(sum(item.visits for item in items if isinstance(item, _Container) and item.parts))
        target.visits += self._place(items)

    def remember(self, index: int) -> None:
        """Keep what is on top of the stack for later."""
        self._memo[index] = self._stack[-1]

    def recall(self, index: int) -> None:
        """Put what was kept on the stack."""
        self._stack.append(self._memo[index])

    def global_name(self, name: str) -> None:
        """Name something importable."""
        self.names.add(name)
        self._stack.append(_Global(name))

    def call(self, _argument: object) -> None:
        """Call something with a tuple."""
        function, arguments = self.last(2)
        # torch writes what it refuses into its message, which for a list of lists of lists never ends.
        if not isinstance(function, _Global) or not isinstance(arguments, _Container):
            raise self._unsafe("it calls something that has no name")
        self._count(arguments.visits)
        if function in _ALLOCATING or "Tensor" in function or "Storage" in function:
            self._require_size(_product(_whole_numbers(arguments), self._size))
        self._stack.append(_Container(arguments.visits, ()))

    def build(self, _argument: object) -> None:
        """Give state to what is below it."""
        (state,) = self.last(1)
        self._count(state.visits if isinstance(state, _Container) else 1)

    def storage(self, _argument: object) -> None:
        """Ask for a storage by its persistent id."""
        (wanted,) = self.last(1)
        parts = wanted.parts if isinstance(wanted, _Container) else ()
        if len(parts) >= 5 and isinstance(parts[1], _Global) and isinstance(parts[2], str):
            nbytes = _whole(parts[4]) * _item_size(parts[1])
            self._require_size(nbytes)
            known = self.storages.setdefault(parts[2], StoredPart(parts[2], nbytes))
            if known.nbytes == nbytes:
                self._tensors += 1
                if self._tensors > self._limits.tensors:
                    raise over_limit(
                        self._file, f"it holds more than {self._limits.tensors:,} tensors", "tensors"
                    )
                self._stack.append(_Container())
                return
        raise ValueError("a storage is asked for in a way that torch does not write")

    def _place(self, items: Iterable[Any]) -> int:
        visits = 0
        for item in items:
            visits += item.visits if isinstance(item, _Container) else 1
            if isinstance(item, _Container):
                item.placed = True
        return visits

    def _count(self, visits: int) -> None:
        self._visits += visits
        if self._visits > _VISITS:
            raise CheckpointError(
                "limit",
                self._file,
                "it repeats its own parts without measure. Do not load it by other means.",
            )

    def _require_size(self, nbytes: int) -> None:
        if nbytes < 0 or nbytes > self._size:
            detail = f"it asks for {nbytes:,} bytes, more than the whole file has. Fetch it again."
            raise CheckpointError("damaged", self._file, detail)

    def _unsafe(self, what: str) -> CheckpointError:
        return CheckpointError("unsafe", self._file, f"{what}, which weights do not need.\n{TRUST}")


TRUST = (
    "If you trust who made it, as you would trust a program: "
    "pass what `ww.open_source(path, trust=True)` returns."
)


def _whole(value: object) -> int:
    if type(value) is not int:
        raise TypeError(f"a size is a whole number, not {shown(value)}")
    return value


def _whole_numbers(arguments: _Container) -> list[int]:
    found: list[int] = []
    for part in arguments.parts:
        if type(part) is int:
            found.append(part)
        elif isinstance(part, _Container) and part.parts and all(type(size) is int for size in part.parts):
            # The first tuple of sizes is the shape; strides follow.
            return [*part.parts]
    return found or [0]


def _product(sizes: list[int], enough: int) -> int:
    """Multiply, but no further than over `enough`: whole numbers of a pickle may have hundreds of digits."""
    product = 0 if 0 in sizes else 1
    for size in sizes:
        product *= size
        if not 0 < product <= enough:
            break
    return product


def _item_size(storage: _Global) -> int:
    name = storage.rpartition(" ")[2]
    if name not in _ITEM_SIZES:
        raise TypeError(f"{shown(name)} is no storage of torch")
    return _ITEM_SIZES[name]


def _pushed(skim: PickleSkim, argument: object) -> None:
    skim.push(argument)


def _constant(value: object) -> Callable[[PickleSkim, Any], None]:
    return lambda skim, _argument: skim.push(value)


# The instructions of torch's restricted unpickler, all of them.
_STEPS: dict[str, Callable[[PickleSkim, Any], None]] = {
    **dict.fromkeys(
        ("BININT", "BININT1", "BININT2", "LONG1", "BINFLOAT", "BINUNICODE", "SHORT_BINSTRING"), _pushed
    ),
    "NONE": _constant(None),
    "NEWTRUE": _constant(value=True),
    "NEWFALSE": _constant(value=False),
    **dict.fromkeys(("EMPTY_LIST", "EMPTY_DICT", "EMPTY_SET"), PickleSkim.container),
    "MARK": PickleSkim.mark,
    "EMPTY_TUPLE": lambda skim, _argument: skim.tuple_of([]),
    "TUPLE": lambda skim, _argument: skim.tuple_of(skim.group()),
    "TUPLE1": lambda skim, _argument: skim.tuple_of(skim.last(1)),
    "TUPLE2": lambda skim, _argument: skim.tuple_of(skim.last(2)),
    "TUPLE3": lambda skim, _argument: skim.tuple_of(skim.last(3)),
    "APPEND": lambda skim, _argument: skim.add(skim.last(1)),
    "APPENDS": lambda skim, _argument: skim.add(skim.group()),
    "SETITEM": lambda skim, _argument: skim.add(skim.last(2)),
    "SETITEMS": lambda skim, _argument: skim.add(skim.group()),
    **dict.fromkeys(("BINPUT", "LONG_BINPUT"), PickleSkim.remember),
    **dict.fromkeys(("BINGET", "LONG_BINGET"), PickleSkim.recall),
    "GLOBAL": PickleSkim.global_name,
    "REDUCE": PickleSkim.call,
    "NEWOBJ": PickleSkim.call,
    "BUILD": PickleSkim.build,
    "BINPERSID": PickleSkim.storage,
    "PROTO": lambda _skim, _argument: None,
    "STOP": lambda _skim, _argument: None,
}
