"""The command line: thin Typer commands and one error handler."""

from __future__ import annotations

import errno
import os
from collections.abc import Sequence
from pathlib import Path

import typer

from klankbord.cli import (
    actions,
    analyse,
    backup,
    evaluate,
    flags,
    forget,
    impact,
    imports,
    label,
    metrics,
    models,
    privacy,
    purge,
    report,
    reveal,
    review,
    themes,
    train,
)
from klankbord.cli.output import data, report_bug, report_error
from klankbord.errors import EXIT_INTERRUPTED, EXIT_KNOWN_ERROR, EXIT_OK, KlankbordError

app = typer.Typer(
    name="klankbord",
    help="Reads what customers write and say: who is cooling off, what hurts, and what to do.\n\n"
    "Start with: klankbord analyse --demo --out klankbord-demo",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.command("analyse")(analyse.analyse)
app.command("flags")(flags.flags)
app.add_typer(themes.themes, name="themes")
app.add_typer(actions.actions, name="actions")
app.command("impact")(impact.impact)
app.command("metrics")(metrics.metrics)
app.command("report")(report.report)
app.command("review")(review.review)
app.command("import")(imports.import_sources)
app.command("backup")(backup.backup)
app.command("label")(label.label)
app.command("evaluate")(evaluate.evaluate)
app.command("train")(train.train)
app.command("models")(models.models)
app.command("reveal")(reveal.reveal)
app.command("forget")(forget.forget)
app.command("purge")(purge.purge)
app.command("privacy")(privacy.privacy)


@app.callback(invoke_without_command=True)
def options(
    *,
    version: bool = typer.Option(False, "--version", help="Show the version and exit."),
) -> None:
    """Take the options that go before a command."""
    if version:
        from klankbord import __version__

        data(f"klankbord {__version__}")
        raise typer.Exit


def run(arguments: Sequence[str]) -> int:
    """Run one command and return its exit code; every failure ends here, as one line."""
    try:
        app(list(arguments), prog_name="klankbord")
    except SystemExit as done:
        code = done.code if isinstance(done.code, int) else EXIT_OK
        if code == EXIT_INTERRUPTED:
            report_error(KlankbordError("interrupted", hint="run the same command to continue"))
        return code
    except KlankbordError as error:
        report_error(error)
        return error.exit_code
    except OSError as error:
        reason = os.strerror(error.errno) if error.errno else "read or write failed"
        hint = _NEXT_STEPS.get(error.errno or 0, "check the disk, then run the same command again")
        report_error(KlankbordError(reason, where=_file(error), hint=hint))
        return EXIT_KNOWN_ERROR
    except MemoryError:
        report_error(
            KlankbordError(
                "not enough memory; what was stored is whole",
                hint="close other programs, or import fewer files at a time, and run it again",
            )
        )
        return EXIT_KNOWN_ERROR
    except Exception as error:  # noqa: BLE001 - the one place where a bug is caught
        return report_bug(error)
    return EXIT_OK


_ROOM = "make room on the disk, or name a place on another one, and run the same command again"
_RIGHTS = "check the permissions, and that no other program has the file open"
_NEXT_STEPS = {
    errno.ENOSPC: _ROOM,
    errno.EDQUOT: _ROOM,
    errno.EFBIG: _ROOM,
    errno.EACCES: _RIGHTS,
    errno.EPERM: _RIGHTS,
    errno.EROFS: "name a place that can be written to",
}


def _file(error: OSError) -> str:
    from klankbord.files import place_of

    return str(place_of(Path(error.filename))) if isinstance(error.filename, str) else ""
