"""The command line: thin Typer commands and one error handler."""

from __future__ import annotations

import errno
from collections.abc import Sequence

import typer

from klankbord.cli import (
    actions,
    analyse,
    evaluate,
    flags,
    impact,
    imports,
    label,
    metrics,
    models,
    report,
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
app.command("label")(label.label)
app.command("evaluate")(evaluate.evaluate)
app.command("train")(train.train)
app.command("models")(models.models)


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
        reason, hint = error.strerror or "read or write failed", ""
        if error.errno == errno.ENOSPC:
            hint = "make room on the disk of --out and run the same command again"
        report_error(KlankbordError(reason, where=_file(error), hint=hint))
        return EXIT_KNOWN_ERROR
    except MemoryError:
        report_error(KlankbordError("not enough memory", hint="analyse fewer files at a time"))
        return EXIT_KNOWN_ERROR
    except Exception as error:  # noqa: BLE001 - the one place where a bug is caught
        return report_bug(error)
    return EXIT_OK


def _file(error: OSError) -> str:
    return str(error.filename) if error.filename else ""
