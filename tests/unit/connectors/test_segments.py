"""Segments from plan and revenue."""

import pytest

from earshot.connectors.segments import SegmentSettings, segment_of
from earshot.domain.customer import Segment


@pytest.mark.parametrize(
    ("named", "plan", "mrr", "segment"),
    [
        (None, None, None, None),
        (None, "Growth", None, None),
        (None, None, 0.0, None),
        (None, "Growth", 99.0, Segment.SMB),
        (None, "Growth", 2_000.0, Segment.ENTERPRISE),
        (None, "ENTERPRISE plus", 10.0, Segment.ENTERPRISE),
        (None, "Free forever", 5_000.0, Segment.FREE),
        (None, "14-day Trial", None, Segment.TRIAL),
        ("smb", "Enterprise", 5_000.0, Segment.SMB),
        ("nonsense", "Enterprise", None, Segment.ENTERPRISE),
    ],
)
def test_what_decides(named: str | None, plan: str | None, mrr: float | None, segment: Segment | None) -> None:
    assert segment_of(SegmentSettings(), named=named, plan=plan, mrr=mrr) is segment


def test_settings_decide_otherwise() -> None:
    settings = SegmentSettings(plans={"gold": Segment.ENTERPRISE}, enterprise_mrr=None, paying=None)
    assert segment_of(settings, named=None, plan="Gold", mrr=None) is Segment.ENTERPRISE
    assert segment_of(settings, named=None, plan="Free forever", mrr=1e6) is None
