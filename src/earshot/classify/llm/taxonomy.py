"""The words a company uses: issue types with their meaning, extra categories, product areas."""

from earshot.classify.llm.prompts import meanings
from earshot.classify.llm.settings import TaxonomySettings
from earshot.domain.reading import IssueType


class Taxonomy:
    """The issue types, extra categories and product areas that a prompt offers."""

    def __init__(self, settings: TaxonomySettings) -> None:
        built_in = meanings("issue_type")
        self.product = settings.product.strip()
        self.issue_types = {kind: settings.definitions.get(kind, built_in[kind]) for kind in IssueType}
        self.categories = {category.name: category for category in settings.categories}
        self.areas = settings.areas
        self._area_names = {name.casefold(): name for name in settings.areas}

    @property
    def options(self) -> dict[str, str]:
        """Issue types and extra categories as one list, each with its meaning."""
        types = {str(kind): text for kind, text in self.issue_types.items()}
        return types | {name: category.definition for name, category in self.categories.items()}

    def issue_type(self, option: str) -> IssueType | None:
        """The issue type that an option is, or counts as; None when there is no such option."""
        if option in self.categories:
            return self.categories[option].counts_as
        return IssueType(option) if option in IssueType.__members__ else None

    def category(self, option: str) -> str | None:
        """The option itself when it is an extra category."""
        return option if option in self.categories else None

    def area(self, text: str) -> str:
        """A product area in its configured spelling; any other in lower case."""
        return self._area_names.get(text.casefold(), text.lower())
