"""Opening hours: nights, holidays, daylight saving, and when it opens next."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actors.flow.hours import ever_opens, faults_of, is_open, opens
from actors.flow.model import Hours

LIMA = ZoneInfo("America/Lima")
# 1 June 2026 is a Monday.
OFFICE = Hours(
    week={"mon-fri": ("08:00-13:00", "14:00-18:00"), "sat": ("09:00-12:00",)},
    holidays={"2026-06-03": (), "06-04": ("10:00-11:00",), "2026-06-04": ("15:00-16:00",)},
)
NIGHT = Hours(
    week={"fri-sat": ("22:00-02:00",), "sun": ("00:00-24:00",)}, holidays={"2026-06-06": ()}
)
ALWAYS = Hours(week={"mon-sun": ("00:00-24:00",)})


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=LIMA)


@pytest.mark.parametrize(
    ("hours", "moment", "open_", "next_"),
    [
        (OFFICE, "2026-06-01T07:59:59", False, "2026-06-01T08:00"),
        (OFFICE, "2026-06-01T08:00:00", True, "2026-06-01T14:00"),
        (OFFICE, "2026-06-01T12:59:59", True, "2026-06-01T14:00"),
        (OFFICE, "2026-06-01T13:00:00", False, "2026-06-01T14:00"),
        (OFFICE, "2026-06-01T14:00:00", True, "2026-06-02T08:00"),
        (OFFICE, "2026-06-01T18:00:00", False, "2026-06-02T08:00"),
        (OFFICE, "2026-06-03T10:00:00", False, "2026-06-04T15:00"),  # a holiday
        (OFFICE, "2026-06-04T10:30:00", False, "2026-06-04T15:00"),  # the year's own day counts
        (OFFICE, "2027-06-04T10:30:00", True, "2027-06-05T09:00"),  # each year's
        (OFFICE, "2026-06-06T11:00:00", True, "2026-06-08T08:00"),
        (OFFICE, "2026-06-07T11:00:00", False, "2026-06-08T08:00"),
        (NIGHT, "2026-06-05T21:59:00", False, "2026-06-05T22:00"),
        (NIGHT, "2026-06-05T23:00:00", True, "2026-06-07T00:00"),
        (NIGHT, "2026-06-06T01:59:00", True, "2026-06-07T00:00"),  # Friday's, into a holiday
        (NIGHT, "2026-06-06T02:00:00", False, "2026-06-07T00:00"),
        (NIGHT, "2026-06-06T23:00:00", False, "2026-06-07T00:00"),
        (NIGHT, "2026-06-13T23:00:00", True, "2026-06-19T22:00"),  # into Sunday without a gap
        (NIGHT, "2026-06-14T23:59:59", True, "2026-06-19T22:00"),
        (NIGHT, "2026-06-15T00:00:00", False, "2026-06-19T22:00"),
        (ALWAYS, "2026-06-01T00:00:00", True, None),
    ],
)
def test_when_it_is_open(hours: Hours, moment: str, open_: bool, next_: str | None) -> None:
    assert is_open(hours, at(moment)) is open_
    found = opens(hours, at(moment))
    assert (found.isoformat(timespec="minutes") if found else None) == (
        f"{next_}-05:00" if next_ else None
    )


def test_it_follows_the_clocks_on_the_wall_when_they_are_changed() -> None:
    madrid = ZoneInfo("Europe/Madrid")
    hours = Hours(week={"mon-sun": ("02:30-04:00",)})
    # On 29 March 2026 the clocks go from 2 to 3.
    before = datetime(2026, 3, 29, 0, 59, tzinfo=UTC).astimezone(madrid)
    after = datetime(2026, 3, 29, 1, 0, tzinfo=UTC).astimezone(madrid)
    assert (before.hour, after.hour) == (1, 3)
    assert not is_open(hours, before)
    assert is_open(hours, after)


def test_what_never_opens_again_opens_never() -> None:
    assert opens(Hours(week={"mon": ()}), at("2026-06-01T00:00:00")) is None
    late = datetime(9999, 12, 31, 23, tzinfo=UTC)
    assert opens(OFFICE, late) is None
    assert not is_open(NIGHT, datetime(1, 1, 1, tzinfo=UTC))


@pytest.mark.parametrize(
    ("hours", "where", "what"),
    [
        (Hours(week={"monday": ("08:00-18:00",)}), "week.monday", "not a day"),
        (Hours(week={"mon-": ("08:00-18:00",)}), "week.mon-", "not a day"),
        (Hours(week={"mon": ("8-18",)}), "week.mon", "not times such as"),
        (Hours(week={"mon": ("8:00-18:00",)}), "week.mon", "not times such as"),
        (Hours(week={"mon": ("08:00-25:00",)}), "week.mon", "not times such as"),
        (Hours(week={"mon": ("08:00-24:30",)}), "week.mon", "not times such as"),
        (Hours(week={"mon": ("08:00-08:00",)}), "week.mon", "not times such as"),
        (Hours(week={"mon": ("08:00-12:00", "11:00-13:00")}), "week.mon", "overlap"),
        (
            Hours(week={"mon-fri": ("08:00-12:00",), "fri": ("09:00-10:00",)}),
            "week.fri",
            "fri is in 'mon-fri' too",
        ),
        (
            Hours(week={"mon": ("08:00-18:00",)}, holidays={"25-12": ()}),
            "holidays.25-12",
            "not a date",
        ),
        (
            Hours(week={"mon": ("08:00-18:00",)}, holidays={"2026-02-29": ()}),
            "holidays.2026-02-29",
            "not a date",
        ),
        (
            Hours(week={"mon": ("08:00-18:00",)}, holidays={"12-25": ("noon",)}),
            "holidays.12-25",
            "not times",
        ),
        (
            Hours(week={"mon": ("08:00-18:00",)}, time_zone="America/Atlantis"),
            "time_zone",
            "not a time zone",
        ),
    ],
)
def test_faults(hours: Hours, where: str, what: str) -> None:
    faults = list(faults_of(hours))
    assert faults
    assert faults[0][0] == where
    assert what in faults[0][1]


@pytest.mark.parametrize(
    "hours", [OFFICE, NIGHT, ALWAYS, Hours(week={"sat-mon": ("09:00-10:00",)})]
)
def test_no_faults(hours: Hours) -> None:
    assert list(faults_of(hours)) == []
    assert ever_opens(hours)


def test_hours_that_open_on_holidays_only_open() -> None:
    assert not ever_opens(Hours(week={"mon": ()}))
    assert not ever_opens(Hours(week={}))
    assert ever_opens(Hours(week={"mon": ()}, holidays={"12-24": ("09:00-12:00",)}))


def test_a_leap_day_may_be_a_holiday_of_each_year() -> None:
    assert list(faults_of(Hours(week={"mon": ("08:00-18:00",)}, holidays={"02-29": ()}))) == []


TIMES = st.builds("{:02}:{:02}".format, st.integers(0, 24), st.integers(0, 59))
SPANS = st.lists(st.builds("{}-{}".format, TIMES, TIMES), max_size=2).map(tuple)
DAYS = st.sampled_from(["mon", "tue-thu", "sat-mon", "fri", "mon-sun", "odd"])
HOURS = st.builds(
    Hours,
    week=st.dictionaries(DAYS, SPANS, max_size=3),
    holidays=st.dictionaries(st.sampled_from(["06-01", "2026-06-02", "odd"]), SPANS, max_size=2),
)


@given(HOURS, st.integers(0, 60 * 24 * 40))
def test_the_next_opening_is_the_first_moment_at_which_it_opens(hours: Hours, minutes: int) -> None:
    moment = datetime(2026, 5, 25, tzinfo=UTC) + timedelta(minutes=minutes)
    list(faults_of(hours))
    found = opens(hours, moment)
    is_open(hours, moment)
    if found is None:
        return
    assert found > moment
    assert is_open(hours, found)
    assert not is_open(hours, found - timedelta(minutes=1))
    if not is_open(hours, moment) and found - moment < timedelta(days=2):
        between = (found - moment) // timedelta(minutes=1)
        assert not any(
            is_open(hours, moment + timedelta(minutes=count)) for count in range(between)
        )
