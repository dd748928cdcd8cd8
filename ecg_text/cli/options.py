"""A verb with many options takes them as one frozen dataclass: each field is an option, with its type and its help."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any, TypeVar, get_type_hints

Options = TypeVar("Options")


def verb_of(verb: Callable[[Options], None], options: type[Options], more_help: str = "") -> Callable[..., None]:
    """The verb as typer wants it: a function with one parameter for each field of a dataclass, in their order.

    A field is written as typer writes parameters, Annotated[type, typer.Option(...)] = default. The help is the verb's
    docstring, and more_help after it.
    """

    def command(**given: Any) -> None:
        verb(options(**given))

    hints = get_type_hints(options, include_extras=True)
    fields = inspect.signature(options).parameters.values()
    command.__annotations__ = hints
    command.__signature__ = inspect.Signature(  # type: ignore[attr-defined]
        [field.replace(annotation=hints[field.name]) for field in fields]
    )
    command.__doc__ = f"{inspect.getdoc(verb)}\n\n{more_help}"
    return command
