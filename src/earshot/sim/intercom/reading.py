"""The endpoints that read."""

from urllib.parse import urlencode

from earshot.sim.intercom import paging, query
from earshot.sim.intercom.answers import Answer, Call, Refusal, invalid, not_found, ok
from earshot.sim.intercom.fields import TICKET_FIELDS, ticket_lookup
from earshot.sim.intercom.peek import mapping, members
from earshot.sim.intercom.render import listed, retrieved
from earshot.sim.intercom.world import World
from earshot.sim.workspace import Json

DELETED_MOST = 60


def me(sim: World, _call: Call) -> Answer:
    """The token's owner and the workspace."""
    owner = next(iter(sim.admins.values()), {"type": "admin", "id": "0", "name": "Owner", "email": "o@example.com"})
    avatar = {"type": "avatar", "image_url": "https://static.example.com/avatars/128.png"}
    return ok({**owner, "email_verified": True, "app": sim.workspace_app, "avatar": avatar})


def admins(sim: World, _call: Call) -> Answer:
    """All teammates."""
    return ok({"type": "admin.list", "admins": list(sim.admins.values())})


def teams(sim: World, _call: Call) -> Answer:
    """All teams."""
    return ok({"type": "team.list", "teams": list(sim.teams.values())})


def tags(sim: World, _call: Call) -> Answer:
    """All tags."""
    return ok({"type": "list", "data": list(sim.tags.values())})


def conversations(sim: World, call: Call) -> Answer:
    """All conversations, newest first; unknown parameters are ignored, as with the real API."""
    after = call.asked.get("starting_after")
    search = paging.Search(
        None,
        per_page=paging.per_page_of(call.asked.get("per_page")),
        after=paging.decoded(after) if after else None,
    )
    return _page(sim, paging.run(sim.shelf, search))


def search(sim: World, call: Call) -> Answer:
    """The conversations that a query finds."""
    wanted = paging.search_of(call.body, default_ascending=sim.settings.default_ascending)
    found = paging.run(sim.shelf, wanted, strict=sim.settings.strict_ranges)
    spoiled = sim.faults.spoil([record.id for record in found.records])
    if spoiled is not None:
        raise spoiled
    answer = _page(sim, found)
    sim.move_some()
    return answer


def _page(sim: World, found: paging.Found) -> Answer:
    rows = [listed(sim.shelf.open_up(record)) for record in found.records]
    return ok(
        {
            "type": "conversation.list",
            "pages": found.pages(),
            "total_count": found.total,
            "conversations": rows,
        }
    )


def conversation(sim: World, call: Call) -> Answer:
    """One conversation with its newest parts."""
    conversation_id = call.path["id"]
    sim.retrieved[conversation_id] += 1
    failed = sim.faults.fail(conversation_id)
    if failed is not None:
        raise failed
    return ok(whole(sim, sim.shelf.open_up(sim.record(conversation_id)), call=call))


def whole(sim: World, talk: Json, *, call: Call) -> Json:
    """A conversation in the form that the request wants."""
    plain = call.asked.get("display_as") == "plaintext"
    return retrieved(talk, plain=plain, limit=sim.settings.parts_limit)


def deleted(sim: World, call: Call) -> Answer:
    """Deleted conversations, by page number; the next page is a URL."""
    size = paging.per_page_of(call.asked.get("per_page"), most=DELETED_MOST)
    page = paging.per_page_of(call.asked.get("page") or 1, most=10**9)
    order = call.asked.get("order", "desc")
    if order not in ("asc", "desc"):
        raise invalid("order must be asc or desc", code="invalid_sort_order")
    rows = sorted(((at, key, kept) for key, (at, kept) in sim.deleted.items()), reverse=order == "desc")
    last = max(1, -(-len(rows) // size))
    ask = urlencode({"per_page": size, "order": order, "page": page + 1})
    return ok(
        {
            "type": "conversations.list",
            "conversations": [
                {"type": "conversation", "id": key, "metrics_retained": kept, "deleted_at": at}
                for at, key, kept in rows[(page - 1) * size : page * size]
            ],
            "total_count": len(rows),
            "pages": {
                "type": "pages",
                "next": f"{call.address}/conversations/deleted?{ask}" if page < last else None,
                "page": page,
                "per_page": size,
                "total_pages": last,
            },
        }
    )


def contact(sim: World, call: Call) -> Answer:
    """One contact; a merged one answers 410 and names its successor."""
    return ok(_contact(sim, call.path["id"]))


def _contact(sim: World, contact_id: str) -> Json:
    if contact_id in sim.merged:
        link = f'</contacts/{sim.canonical(contact_id)}>; rel="canonical"'
        message = "This contact has been merged. See the 'Link' header for the canonical contact."
        raise Refusal(410, "contact_merged", message=message, headers={"Link": link})
    if contact_id not in sim.contacts:
        raise not_found("User Not Found")
    return sim.contacts[contact_id]


def contact_companies(sim: World, call: Call) -> Answer:
    """The companies of a contact, whole, under `data` as the examples show (the schema says `companies`)."""
    held = members(_contact(sim, call.path["id"]).get("companies"), "data")
    firms = [sim.companies[one["id"]] for one in held if one["id"] in sim.companies]
    pages = {"type": "pages", "next": None, "page": 1, "per_page": 50, "total_pages": 1}
    return ok({"type": "list", "data": firms, "pages": pages, "total_count": len(firms)})


def company(sim: World, call: Call) -> Answer:
    """One company by Intercom's own id."""
    firm = sim.companies.get(call.path["id"])
    if firm is None:
        raise not_found("Company Not Found", code="company_not_found")
    return ok(firm)


def company_by_key(sim: World, call: Call) -> Answer:
    """One company by the customer's own key."""
    wanted = call.asked.get("company_id")
    for firm in sim.companies.values():
        if wanted is not None and firm.get("company_id") == wanted:
            return ok(firm)
    raise not_found("Company Not Found", code="company_not_found")


def tickets(sim: World, call: Call) -> Answer:
    """How many tickets a query finds, and the first of them."""
    body = mapping(call.body)
    if "query" not in body:
        raise invalid("a search needs a query", code="invalid_query")
    where = query.parse(body["query"], TICKET_FIELDS)
    size = paging.per_page_of(mapping(body.get("pagination")).get("per_page"))
    found = [ticket for ticket in sim.tickets if query.matches(where, ticket_lookup(ticket))]
    pages = {"type": "pages", "page": 1, "per_page": size, "total_pages": -(-len(found) // size)}
    return ok({"type": "ticket.list", "tickets": found[:size], "total_count": len(found), "pages": pages})


def attributes(sim: World, _call: Call) -> Answer:
    """The conversation attributes that were defined."""
    return ok({"type": "list", "data": sim.attributes})


def data_attributes(_sim: World, call: Call) -> Answer:
    """Attributes of contacts and companies; conversations have their own API since 2.16."""
    if call.asked.get("model") == "conversation":
        raise Refusal(422, "parameter_invalid", message="model conversation is not supported")
    return ok({"type": "list", "data": []})


READINGS = (
    ("GET", "/me", me),
    ("GET", "/admins", admins),
    ("GET", "/teams", teams),
    ("GET", "/tags", tags),
    ("GET", "/conversations", conversations),
    ("POST", "/conversations/search", search),
    ("GET", "/conversations/deleted", deleted),
    ("GET", "/conversations/attributes", attributes),
    ("GET", "/conversations/{id}", conversation),
    ("GET", "/contacts/{id}", contact),
    ("GET", "/contacts/{id}/companies", contact_companies),
    ("GET", "/companies", company_by_key),
    ("GET", "/companies/{id}", company),
    ("GET", "/data_attributes", data_attributes),
    ("POST", "/tickets/search", tickets),
)
