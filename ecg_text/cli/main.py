"""The door `ecg-text`: a table of verbs, and one place where a refusal becomes one line and an exit status."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from importlib import import_module
from typing import Any

import typer
from typer.core import TyperGroup

from ecg_text.cli.common import INTERRUPTED, REFUSED, complain
from ecg_text.errors import EcgTextError
from ecg_text.version import __version__

# Verb, the module it lives in, and its function there, or the group of its sub-verbs.
VERBS = (
    ("demo", "ecg_text.cli.demo", "demo"),
    ("inspect", "ecg_text.cli.inspect", "inspect"),
    ("convert", "ecg_text.cli.convert", "convert"),
    ("prepare", "ecg_text.cli.prepare", "prepare"),
    ("train", "ecg_text.cli.train", "train"),
    ("tune-text", "ecg_text.cli.tune_text", "tune_text"),
    ("evaluate", "ecg_text.cli.evaluate", "evaluate"),
    ("calibrate", "ecg_text.cli.calibrate", "calibrate"),
    ("report", "ecg_text.cli.report", "report"),
    ("classify", "ecg_text.cli.classify", "classify"),
    ("describe", "ecg_text.cli.describe", "describe"),
    ("explain", "ecg_text.cli.explain", "explain"),
    ("index", "ecg_text.cli.index", "index_app"),
    ("search", "ecg_text.cli.search", "search"),
    ("prompts", "ecg_text.cli.prompts", "prompts_app"),
    ("card", "ecg_text.cli.card", "card"),
    ("push", "ecg_text.cli.push", "push"),
    ("scan-phi", "ecg_text.cli.scan_phi", "scan_phi"),
)


class OneLine(TyperGroup):
    """Runs a verb; what it refuses is told in one line, with exit status 1, and never with a traceback."""

    def invoke(self, ctx: Any) -> Any:
        """The verb's result. Raises typer.Exit with the status where the verb was refused or interrupted."""
        try:
            result = super().invoke(ctx)
            # Here, and not at the interpreter's end, where a closed pipe cannot be answered any more.
            sys.stdout.flush()
        except BrokenPipeError:
            # Whoever was reading has enough; what is still buffered has nowhere to go.
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            raise typer.Exit(REFUSED) from None
        except EcgTextError as error:
            complain(str(error))
            raise typer.Exit(REFUSED) from error
        except UnicodeDecodeError as error:
            near = bytes(error.object[max(0, error.start - 20) : error.start + 10])
            complain(f"an input file is not {error.encoding} text (near {near!r}); save it as UTF-8 and try again")
            raise typer.Exit(REFUSED) from error
        except OSError as error:
            if error.strerror is None:
                raise
            where = f"{error.filename}: " if error.filename else ""
            complain(f"{where}{error.strerror}; check the path, its permissions and the free space")
            raise typer.Exit(REFUSED) from error
        except KeyboardInterrupt:
            complain("stopped by Ctrl-C; nothing half-written is left in place of what was asked for")
            raise typer.Exit(INTERRUPTED) from None
        return result


def build_app() -> typer.Typer:
    """The command line with every verb of the table."""
    app = typer.Typer(
        name="ecg-text",
        help="ECG-language models: train them, ask them, search with them. Research use only, not a medical device.",
        cls=OneLine,
        no_args_is_help=True,
        add_completion=False,
        pretty_exceptions_enable=False,
        rich_markup_mode=None,  # plain help: half the time to show it, and the same on every screen
        context_settings={"help_option_names": ["-h", "--help"]},
    )
    app.callback()(_root)
    for verb, module, name in VERBS:
        door = getattr(import_module(module), name)
        if isinstance(door, typer.Typer):
            app.add_typer(door, name=verb)
        else:
            app.command(verb)(door)
    return app


def _show_version(wanted: bool) -> None:
    if wanted:
        typer.echo(__version__)
        raise typer.Exit


def _root(
    version: bool = typer.Option(False, "--version", callback=_show_version, is_eager=True, help="Show the version."),
) -> None:
    """ECG-language models: train them, ask them, search with them. Research use only, not a medical device."""


def main(argv: Sequence[str] | None = None) -> None:
    """Run one verb and exit: 0 done, 1 refused (one line on stderr), 2 wrong usage, 130 interrupted."""
    build_app()(args=None if argv is None else list(argv), prog_name="ecg-text")
