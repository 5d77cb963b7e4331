from datetime import timedelta

import pytest

from earshot.act.episodes import SUSPECT
from earshot.act.planning import fall_back, plan, push, resolve
from earshot.act.settings import ActSettings
from earshot.act.storm import CAPPED, summaries
from earshot.domain.action import ActionKind
from earshot.domain.delivery import Delivery, DeliveryState, Dossier, Op, Silence, Standing, Thing

from .cases import (
    BOARD,
    HOOK,
    JIRA,
    MAIL,
    NOW,
    SETTINGS,
    SLACK,
    TASK,
    WORDS,
    World,
    action,
    conversation,
    dossier,
    insight,
    theme,
)

K = ActionKind
S = DeliveryState
TICKET = action(K.CREATE_TICKET)
PAGE = action(K.PAGE_ONCALL_ENGINEER)
MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)


def later(known: Dossier, conversations: int, *, after: timedelta) -> Dossier:
    update = {"conversations": conversations, "customers": conversations, "last_seen": NOW + after}
    return known.model_copy(update=update)


def one(rows: tuple[Delivery, ...]) -> Delivery:
    assert len(rows) == 1
    return rows[0]


# first


def test_a_new_ticket_waits_for_more_of_the_same() -> None:
    world = World()
    early = world.plan(dossier(TICKET), now=NOW)
    assert (early.deliveries, early.links, early.look_at) == ((), (), NOW + timedelta(seconds=30))
    made = one(world.plan(dossier(TICKET), now=NOW + timedelta(seconds=30)).deliveries)
    assert (made.op, made.state, made.thing, made.destination) == (Op.CREATE, S.PENDING, Thing.TICKET, "jira")


def test_what_is_settled_waits_for_nothing() -> None:
    assert one(World().plan(dossier(TICKET), now=NOW, settled=True).deliveries).state is S.PENDING


def test_a_page_waits_for_nothing_and_is_urgent() -> None:
    page = one(World().plan(dossier(PAGE), now=NOW).deliveries)
    assert (page.thing, page.urgent, page.state) == (Thing.PAGE, True, S.PENDING)


def test_planning_twice_gives_the_same_keys() -> None:
    first, second = (World().plan(dossier(TICKET), now=NOW + HOUR) for _ in range(2))
    assert first == second
    assert len(first.deliveries[0].id) == 32
    assert first.deliveries[0].object_key == first.links[0].object_key


def test_kinds_that_stay_inside_plan_nothing() -> None:
    planned = World().plan(dossier(action(K.ADD_TO_PM_QUEUE)), now=NOW + HOUR)
    assert (planned.deliveries, planned.look_at) == ((), None)


def test_with_nowhere_to_go_it_is_looked_at_again() -> None:
    planned = World(routes={}).plan(dossier(TICKET), now=NOW + HOUR)
    assert (planned.deliveries, planned.look_at) == ((), NOW + 2 * HOUR)


def test_a_churn_alert_goes_to_slack_and_hubspot() -> None:
    planned = World().plan(dossier(action(K.ALERT_CS_MANAGER, about="acme")), now=NOW + HOUR)
    assert {(row.destination, row.thing) for row in planned.deliveries} == {
        ("slack", Thing.MESSAGE),
        ("hubspot", Thing.TASK),
    }


def test_two_kinds_that_want_one_ticket_get_one() -> None:
    world = World()
    world.plan(dossier(action(K.CREATE_JIRA_P0)), now=NOW + HOUR)
    world.plan(dossier(TICKET), now=NOW + HOUR)
    world.deliver(now=NOW + HOUR)
    world.plan(dossier(TICKET), now=NOW + 2 * HOUR)
    assert [row.op for row in world.rows.values()] == [Op.CREATE]


def test_an_urgent_action_raises_the_ticket_that_is_there() -> None:
    world = World()
    world.plan(dossier(TICKET), now=NOW + HOUR)
    world.deliver(now=NOW + HOUR)
    urgent = dossier(action(K.CREATE_JIRA_P0, at=NOW + 2 * HOUR))
    raised = one(world.plan(urgent, now=NOW + 3 * HOUR).deliveries)
    assert (raised.op, raised.content.priority, raised.content.facts["raised"]) == (Op.UPDATE, "P0", True)
    world.deliver(now=NOW + 3 * HOUR)
    world.plan(urgent, now=NOW + 4 * HOUR)
    assert len(world.rows) == 2
    grown = world.plan(later(urgent, 9, after=4 * HOUR), now=NOW + 5 * HOUR).deliveries
    assert ["raised" in row.content.facts for row in grown if row.id != raised.id] == [False]


def test_an_action_that_finds_its_ticket_says_so() -> None:
    world = World()
    world.plan(dossier(action(K.CREATE_JIRA_P0)), now=NOW + HOUR)
    waits = world.plan(dossier(TICKET), now=NOW + HOUR)
    assert (waits.links, waits.look_at) == ((), NOW + HOUR + 5 * MINUTE)
    world.deliver(now=NOW + HOUR)
    stands = world.plan(dossier(TICKET), now=NOW + 2 * HOUR)
    assert ([link.standing for link in stands.links], stands.deliveries) == ([Standing.OPEN], ())


def test_a_small_ticket_raises_nothing() -> None:
    world = World()
    world.plan(dossier(action(K.CREATE_JIRA_P0)), now=NOW + HOUR)
    world.deliver(now=NOW + HOUR)
    late = dossier(action(K.CREATE_TICKET, at=NOW + 2 * HOUR))
    assert world.plan(late, now=NOW + 3 * HOUR).deliveries == ()


def test_a_subject_that_was_adopted_keeps_its_page() -> None:
    world = World()
    provisional = action(K.PAGE_ONCALL_ENGINEER, about="provisional:PRODUCT_BUG:export:CRITICAL")
    world.plan(dossier(provisional), now=NOW)
    world.deliver(now=NOW)
    case = world.case(dossier(provisional), now=NOW).model_copy(update={"dossier": dossier(PAGE)})
    planned = plan(case, routes=world.routes, words=WORDS, settings=SETTINGS, now=NOW + HOUR, settled=False)
    assert planned.deliveries == ()


# dry runs and approval


def test_a_dry_run_is_kept_without_a_link_and_blocks_nothing() -> None:
    world = World()
    dry = dossier(action(K.CREATE_TICKET, dry_run=True))
    rehearsed = world.plan(dry, now=NOW)
    row = one(rehearsed.deliveries)
    assert (row.state, rehearsed.links, row.ended_at) == (S.DRY, (), NOW)
    world.plan(later(dry, 40, after=HOUR), now=NOW + HOUR)
    assert len(world.rows) == 1
    live = one(world.plan(dossier(TICKET), now=NOW + HOUR).deliveries)
    assert (live.state, live.object_key == row.object_key, live.id == row.id) == (S.PENDING, False, False)


def test_each_action_rehearses_for_itself() -> None:
    world = World()
    for kind in (K.CREATE_TICKET, K.CREATE_JIRA_P0):
        world.plan(dossier(action(kind, dry_run=True)), now=NOW)
    assert {row.action_key for row in world.rows.values()} == {"CREATE_TICKET|t1", "CREATE_JIRA_P0|t1"}


def test_a_destination_may_rehearse_alone() -> None:
    world = World(routes={K.CREATE_TICKET: (JIRA.model_copy(update={"dry": True}),)})
    assert one(world.plan(dossier(TICKET), now=NOW).deliveries).state is S.DRY


@pytest.mark.parametrize(
    ("of", "settings"),
    [(TICKET, ActSettings(approve=True)), (TICKET.model_copy(update={"approve": True}), SETTINGS)],
)
def test_approval_holds_what_is_made(of: object, settings: ActSettings) -> None:
    world = World(settings=settings)
    row = one(world.plan(dossier(of), now=NOW + HOUR).deliveries)  # type: ignore[arg-type]
    assert row.state is S.HELD
    assert "approv" in row.cause


def test_only_doubtful_conversations_move_nothing_until_a_trusted_one_comes() -> None:
    world = World()
    doubtful = action(K.CREATE_TICKET, suspect="it instructs its reader")
    held = one(world.plan(dossier(doubtful, conversations=0, suspects=3), now=NOW + HOUR).deliveries)
    assert held.state is S.HELD
    assert held.cause.startswith(SUSPECT)
    assert world.plan(dossier(doubtful, conversations=0, suspects=9), now=NOW + 2 * HOUR).deliveries == ()
    freed = world.plan(dossier(doubtful, conversations=1, suspects=9), now=NOW + 2 * HOUR)
    assert [(row.id, row.state, row.told) for row in freed.changed] == [(held.id, S.PENDING, 1)]
    assert freed.deliveries == ()


def test_a_page_of_doubtful_conversations_waits_too() -> None:
    row = one(World().plan(dossier(PAGE, conversations=0, suspects=1), now=NOW).deliveries)
    assert row.state is S.HELD


def test_what_a_person_threw_away_is_not_made_again() -> None:
    world = World(settings=ActSettings(approve=True))
    held = one(world.plan(dossier(TICKET), now=NOW + HOUR).deliveries)
    world.end(held, S.DISCARDED, now=NOW + HOUR)
    assert world.plan(later(dossier(TICKET), 50, after=HOUR), now=NOW + 5 * HOUR).deliveries == ()


def test_counts_need_no_approval_words_do() -> None:
    approving = ActSettings(approve=True)
    for route, state in ((JIRA, S.PENDING), (SLACK, S.HELD)):
        world = World(routes={K.CREATE_TICKET: (route,)}, settings=approving)
        world.end(one(world.plan(dossier(TICKET), now=NOW + HOUR).deliveries), S.DONE, now=NOW + HOUR)
        grown = one(world.plan(later(dossier(TICKET), 5, after=HOUR), now=NOW + 2 * HOUR).deliveries)
        assert (grown.op, grown.state) == (Op.UPDATE, state)


# growth


def test_growth_is_told_once_per_interval() -> None:
    world = World()
    world.plan(dossier(TICKET), now=NOW + MINUTE)
    world.deliver(now=NOW + MINUTE)
    soon = world.plan(later(dossier(TICKET), 4, after=MINUTE), now=NOW + 2 * MINUTE)
    assert (soon.deliveries, soon.look_at) == ((), NOW + 6 * MINUTE)
    told = one(world.plan(later(dossier(TICKET), 9, after=MINUTE), now=NOW + 6 * MINUTE).deliveries)
    assert (told.op, told.told, told.receipt is not None) == (Op.UPDATE, 9, True)
    world.deliver(now=NOW + 6 * MINUTE)
    assert world.plan(later(dossier(TICKET), 9, after=MINUTE), now=NOW + 60 * MINUTE).deliveries == ()


def test_nothing_is_added_while_the_first_request_waits() -> None:
    world = World()
    world.plan(dossier(TICKET), now=NOW + MINUTE)
    grown = world.plan(later(dossier(TICKET), 9, after=MINUTE), now=NOW + 30 * MINUTE)
    assert grown.deliveries == ()
    assert grown.look_at == NOW + 35 * MINUTE


def test_a_refused_ticket_is_left_to_people() -> None:
    world = World()
    row = one(world.plan(dossier(TICKET), now=NOW + MINUTE).deliveries)
    world.end(row, S.DEAD, now=NOW + MINUTE)
    assert world.plan(later(dossier(TICKET), 9, after=MINUTE), now=NOW + HOUR).deliveries == ()


def test_mail_follows_at_growth_steps_or_after_hours() -> None:
    world = World(routes={K.CREATE_TICKET: (MAIL,)})
    world.plan(dossier(TICKET), now=NOW + MINUTE)
    world.deliver(now=NOW + MINUTE)
    quiet = world.plan(later(dossier(TICKET), 9, after=MINUTE), now=NOW + HOUR)
    assert (quiet.deliveries, quiet.look_at) == ((), NOW + MINUTE + 4 * HOUR)
    step = one(world.plan(later(dossier(TICKET), 10, after=MINUTE), now=NOW + HOUR).deliveries)
    assert (step.op, step.told) == (Op.UPDATE, 10)
    world.deliver(now=NOW + HOUR)
    repeated = one(world.plan(later(dossier(TICKET), 12, after=MINUTE), now=NOW + 5 * HOUR).deliveries)
    assert repeated.told == 12


def test_a_message_that_cannot_be_changed_is_followed_by_another() -> None:
    world = World(routes={K.CREATE_TICKET: (HOOK,)})
    first = one(world.plan(dossier(TICKET), now=NOW + MINUTE).deliveries)
    world.deliver(now=NOW + MINUTE)
    further = one(world.plan(later(dossier(TICKET), 12, after=MINUTE), now=NOW + HOUR).deliveries)
    assert (further.op, further.object_key == first.object_key) == (Op.CREATE, False)
    world.deliver(now=NOW + HOUR)
    assert world.plan(later(dossier(TICKET), 13, after=MINUTE), now=NOW + 2 * HOUR).deliveries == ()


def test_a_message_that_may_have_been_sent_is_followed_by_another() -> None:
    world = World(routes={K.CREATE_TICKET: (SLACK,)})
    first = one(world.plan(dossier(TICKET), now=NOW + MINUTE).deliveries)
    world.end(first, S.DONE, now=NOW + MINUTE)
    lost = world.links[first.object_key].model_copy(update={"receipt": None})
    world.links[first.object_key] = lost
    assert world.plan(later(dossier(TICKET), 5, after=MINUTE), now=NOW + HOUR).deliveries == ()
    further = one(world.plan(later(dossier(TICKET), 12, after=MINUTE), now=NOW + HOUR).deliveries)
    assert (further.op, further.object_key == first.object_key) == (Op.CREATE, False)


def test_a_tag_says_all_at_once() -> None:
    world = World()
    tag = action(K.TAG, about="conv_12345", parameters={"tag": "processed"})
    world.plan(dossier(tag), now=NOW + MINUTE)
    world.deliver(now=NOW + MINUTE)
    assert world.plan(later(dossier(tag), 9, after=MINUTE), now=NOW + HOUR).deliveries == ()


def test_two_tags_of_one_conversation_are_two_things() -> None:
    world = World()
    for tag in ("processed", "Billing"):
        world.plan(dossier(action(K.TAG, about="c1", parameters={"tag": tag})), now=NOW + MINUTE)
    assert {row.content.title for row in world.rows.values()} == {"Tag processed", "Tag Billing"}


# storms, silences, incidents


def test_beyond_the_cap_new_things_are_suppressed_and_counted_once() -> None:
    world = World()
    for number in range(14):
        world.plan(dossier(action(about=f"t{number}")), now=NOW + HOUR)
    states = [row.state for row in world.rows.values()]
    assert (states.count(S.PENDING), states.count(S.SUPPRESSED)) == (10, 4)
    held = [row for row in world.rows.values() if row.state is S.SUPPRESSED]
    assert {row.cause for row in held} == {CAPPED}
    said = [
        summaries("jira", held, route=SLACK, words=WORDS, settings=SETTINGS, now=NOW + HOUR + wait, settled=False)
        for wait in (MINUTE, 5 * MINUTE, 9 * MINUTE)
    ]
    assert [len(planned) for planned in said] == [0, 1, 1]
    assert said[1][0].deliveries[0].id == said[2][0].deliveries[0].id
    assert said[1][0].deliveries[0].content.title == "4 more held back at jira"


def test_what_was_suppressed_gets_a_new_chance_when_it_grows() -> None:
    world = World(settings=ActSettings(most_new_per_hour=1))
    world.plan(dossier(action(about="a")), now=NOW + HOUR)
    known = dossier(action(about="b"))
    world.plan(known, now=NOW + HOUR)
    assert world.plan(later(known, 2, after=HOUR), now=NOW + HOUR).deliveries == ()
    assert world.plan(later(known, 2, after=HOUR), now=NOW + 3 * HOUR).deliveries == ()
    again = one(world.plan(later(known, 3, after=HOUR), now=NOW + 3 * HOUR).deliveries)
    assert (again.op, again.state) == (Op.CREATE, S.PENDING)
    assert len({row.id for row in world.rows.values()}) == 3


def test_tags_are_not_capped() -> None:
    world = World()
    for number in range(30):
        world.plan(dossier(action(K.TAG, about=f"c{number}", parameters={"tag": "p"})), now=NOW + HOUR)
    assert {row.state for row in world.rows.values()} == {S.PENDING}


@pytest.mark.parametrize(
    ("matchers", "silent"),
    [
        ({}, True),
        ({"area": "Integrations"}, True),
        ({"rule": "A_RULE", "destination": "jira"}, True),
        ({"rule": "A_RULE", "destination": "slack"}, False),
        ({"kind": "PAGE_ONCALL_ENGINEER"}, False),
        ({"subject": "t1"}, True),
    ],
)
def test_a_silence_suppresses_what_it_matches(matchers: dict[str, str], silent: bool) -> None:
    silence = Silence(id="s", matchers=matchers, until=NOW + 2 * HOUR, reason="deploy", author="ana", at=NOW)
    row = one(World(silences=(silence,)).plan(dossier(TICKET), now=NOW + HOUR).deliveries)
    assert (row.state is S.SUPPRESSED) is silent
    assert ("deploy" in row.cause) is silent
    assert one(World(silences=(silence,)).plan(dossier(TICKET), now=NOW + 2 * HOUR).deliveries).state is S.PENDING


def test_a_silence_puts_updates_off() -> None:
    world = World()
    world.plan(dossier(TICKET), now=NOW + MINUTE)
    world.deliver(now=NOW + MINUTE)
    world.silences = (Silence(id="s", until=NOW + 3 * HOUR, reason="r", author="a", at=NOW),)
    put_off = world.plan(later(dossier(TICKET), 9, after=MINUTE), now=NOW + HOUR)
    assert (put_off.deliveries, put_off.look_at) == ((), NOW + 3 * HOUR)
    assert one(world.plan(later(dossier(TICKET), 9, after=MINUTE), now=NOW + 3 * HOUR).deliveries).told == 9


def test_an_incident_speaks_for_single_tickets_of_its_area() -> None:
    world = World(incidents=("Integrations",))
    assert one(world.plan(dossier(TICKET), now=NOW + HOUR).deliveries).state is S.SUPPRESSED
    assert one(world.plan(dossier(action(K.CREATE_JIRA_P0)), now=NOW + HOUR).deliveries).state is S.PENDING
    assert one(World(incidents=("billing",)).plan(dossier(TICKET), now=NOW + HOUR).deliveries).state is S.PENDING


# resolved, reopened, made anew


def closed(standing: Standing = Standing.DONE) -> World:
    world = World()
    world.plan(dossier(TICKET), now=NOW + MINUTE)
    world.deliver(now=NOW + MINUTE)
    world.close("jira", now=NOW + HOUR, standing=standing)
    return world


def test_soon_after_closing_the_ticket_is_opened_again() -> None:
    world = closed()
    back = one(world.plan(later(dossier(TICKET), 2, after=2 * HOUR), now=NOW + 2 * HOUR).deliveries)
    assert (back.op, back.content.title) == (Op.REOPEN, "It came back")
    world.deliver(now=NOW + 2 * HOUR)
    assert {link.standing for link in world.links.values()} == {Standing.OPEN}


def test_opening_again_wants_approval_where_everything_does() -> None:
    world = closed()
    world.settings = ActSettings(approve=True)
    back = one(world.plan(later(dossier(TICKET), 2, after=2 * HOUR), now=NOW + 2 * HOUR).deliveries)
    assert (back.op, back.state) == (Op.REOPEN, S.HELD)


def test_a_silence_puts_opening_again_off() -> None:
    world = closed()
    world.silences = (Silence(id="s", until=NOW + 3 * HOUR, reason="r", author="a", at=NOW),)
    put_off = world.plan(later(dossier(TICKET), 2, after=2 * HOUR), now=NOW + 2 * HOUR)
    assert (put_off.deliveries, put_off.look_at) == ((), NOW + 3 * HOUR)


def test_what_gets_free_under_a_silence_stays_held() -> None:
    world = World()
    world.plan(dossier(TICKET, conversations=0, suspects=1), now=NOW + HOUR)
    world.silences = (Silence(id="s", until=NOW + 3 * HOUR, reason="r", author="a", at=NOW),)
    held = world.plan(dossier(TICKET), now=NOW + 2 * HOUR)
    assert (held.changed, held.look_at) == ((), NOW + 3 * HOUR)
    assert len(world.plan(dossier(TICKET), now=NOW + 3 * HOUR).changed) == 1


def test_later_a_new_ticket_names_the_old_one() -> None:
    world = closed()
    fresh = world.plan(later(dossier(TICKET), 2, after=30 * HOUR), now=NOW + 30 * HOUR)
    row = one(fresh.deliveries)
    assert (row.op, fresh.links[0].episode) == (Op.CREATE, 1)
    assert "X-" in str(row.content.body)
    world.deliver(now=NOW + 30 * HOUR)
    assert world.plan(later(dossier(TICKET), 2, after=30 * HOUR), now=NOW + 40 * HOUR).deliveries == ()


def test_old_conversations_that_come_in_late_reopen_nothing() -> None:
    assert closed().plan(later(dossier(TICKET), 7, after=MINUTE), now=NOW + 2 * HOUR).deliveries == ()


@pytest.mark.parametrize("standing", [Standing.DUPLICATE, Standing.GONE])
def test_what_people_merged_or_threw_away_stays_so(standing: Standing) -> None:
    assert closed(standing).plan(later(dossier(TICKET), 7, after=40 * HOUR), now=NOW + 40 * HOUR).deliveries == ()


def test_a_page_that_ended_rings_under_a_new_key() -> None:
    world = World()
    first = one(world.plan(dossier(PAGE), now=NOW).deliveries)
    world.deliver(now=NOW)
    link = next(iter(world.links.values()))
    end = resolve(link, words=WORDS, settings=SETTINGS, now=NOW + 24 * HOUR)
    assert one(end.deliveries).op is Op.RESOLVE
    world.keep(end)
    world.deliver(now=NOW + 24 * HOUR)
    again = one(world.plan(later(dossier(PAGE), 2, after=25 * HOUR), now=NOW + 25 * HOUR).deliveries)
    assert (again.op, again.object_key == first.object_key) == (Op.CREATE, False)


def test_an_end_never_overtakes_its_beginning() -> None:
    world = World()
    world.plan(dossier(PAGE), now=NOW)
    link = next(iter(world.links.values()))
    assert resolve(link, words=WORDS, settings=SETTINGS, now=NOW + 24 * HOUR).deliveries == ()


def test_a_note_that_was_ticked_off_is_still_brought_up_to_date() -> None:
    world = World(routes={K.CREATE_PRODUCTBOARD_NOTE: (BOARD,)})
    note = dossier(action(K.CREATE_PRODUCTBOARD_NOTE))
    world.plan(note, now=NOW + MINUTE)
    world.deliver(now=NOW + MINUTE)
    world.close("productboard", now=NOW + HOUR)
    assert one(world.plan(later(note, 5, after=2 * HOUR), now=NOW + 2 * HOUR).deliveries).op is Op.UPDATE


# what people ask for, and what fails


def test_a_page_that_failed_is_told_once_by_other_means() -> None:
    page = one(World().plan(dossier(PAGE), now=NOW).deliveries)
    dead = page.model_copy(update={"state": S.DEAD, "cause": "given up", "attempts": 9, "worker": "w"})
    told = [fall_back(dead, route=SLACK, words=WORDS, now=NOW + wait) for wait in (HOUR, 2 * HOUR)]
    row = one(told[0].deliveries)
    assert (row.state, row.thing, row.attempts, row.worker, row.cause) == (S.PENDING, Thing.MESSAGE, 0, "", "")
    assert "did not go out" in row.content.title
    assert row.id == told[1].deliveries[0].id


def test_pushing_where_a_ticket_stands_makes_no_second_one() -> None:
    world = World()
    world.plan(dossier(TICKET), now=NOW + MINUTE)
    world.deliver(now=NOW + MINUTE)
    link = next(iter(world.links.values()))
    assert push(dossier(TICKET), link, route=JIRA, words=WORDS, now=NOW).deliveries == ()
    done = link.model_copy(update={"standing": Standing.DONE})
    again = push(dossier(TICKET), done, route=JIRA, words=WORDS, now=NOW)
    assert (again.links[0].episode, one(again.deliveries).state) == (1, S.PENDING)


def test_a_dry_push_leaves_no_link() -> None:
    dry = JIRA.model_copy(update={"dry": True})
    planned = push(dossier(TICKET), None, route=dry, words=WORDS, now=NOW)
    assert (planned.links, one(planned.deliveries).state) == ((), S.DRY)


def test_every_route_says_something() -> None:
    known = dossier(TICKET, theme=theme(), insight=insight(), conversation=conversation(company=None, url=None))
    for way in (JIRA, SLACK, MAIL, BOARD, TASK):
        assert WORDS.create(known, way).title
