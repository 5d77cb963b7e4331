"""Reading settings must not cost the import of a chart library."""

import operator
import subprocess
import sys

import pytest

import earshot.report


def test_light_modules_load_nothing_heavy() -> None:
    code = (
        "import sys, earshot.report.settings, earshot.report.as_markdown\n"
        "from earshot.report import to_terminal\n"
        "assert not {'altair', 'vl_convert', 'jinja2'} & set(sys.modules), 'heavy'\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_an_unknown_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="to_fax"):
        operator.attrgetter("to_fax")(earshot.report)
