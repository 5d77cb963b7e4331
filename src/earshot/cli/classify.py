"""`earshot classify`: read, group and judge what is already here."""

from earshot.cli.console import out, print_json
from earshot.cli.options import AsJson, Classifier
from earshot.cli.session import go, opened
from earshot.pipeline.classify import Classified


def command(*, classifier: Classifier = "auto", as_json: AsJson = False) -> None:
    """Read every conversation that is new or changed, group it into themes and let the rules judge it."""
    done = go(_classify(classifier, quiet=as_json))
    if as_json:
        print_json(done.model_dump())
    else:
        out.print(f"Read {done.read:,}; could not be read: {done.unread:,}.")


async def _classify(classifier: str, *, quiet: bool) -> Classified:
    async with opened(quiet=quiet) as earshot:
        return await earshot.classify(classifier=classifier)
