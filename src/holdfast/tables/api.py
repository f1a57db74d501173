"""`/tables`: HTTP in, HTTP out. Field by field: docs/tables.md."""

from typing import Annotated
from urllib.parse import parse_qsl, urlencode

import msgspec
from litestar.params import Parameter

from holdfast.accounts.access import Access
from holdfast.http import fields, idempotency
from holdfast.http.hot import Headers, Request, Response
from holdfast.http.idempotency import IdempotencyKey
from holdfast.http.operations import MAY_HAVE_TOKEN, Group
from holdfast.http.paging import LIMIT_DEFAULT, LIMIT_MAX, Cursor, IdPosition, page, read_cursor
from holdfast.tables import requests
from holdfast.tables.bodies import NewTable, TableBody, TablePage
from holdfast.tables.queries import TableFilter
from holdfast.tables.service import Tables

ARRAY_MAX = 1_000
"""Tables in an answer that is an array."""
OptionalLimit = Annotated[
    int | None, Parameter(ge=1, le=LIMIT_MAX, description="Most items on the page; asks for a page")
]
Id = Annotated[str, Parameter(description="The table's id", schema_extra={"pattern": "^[1-9][0-9]{0,18}$"})]


tables = Group("tables", MAY_HAVE_TOKEN)


class TablesApi:
    """A restaurant's tables. They are reserved through `/reservations`."""

    def __init__(self, access: Access, service: Tables) -> None:
        self._access = access
        self._tables = service

    @tables("GET", "/tables", "List tables", answer="An array, or with `limit` or `cursor` a page")
    async def list_tables(
        self,
        request: Request,
        seats_min: Annotated[int, Parameter(ge=1, le=1_000, description="Only with so many seats")] = 1,
        at: Annotated[fields.Timestamp | None, Parameter(description="Only those free from this moment")] = None,
        duration_minutes: Annotated[int | None, Parameter(ge=1, le=1_440, description="and for so long")] = None,
        cursor: Cursor = None,
        limit: OptionalLimit = None,
    ) -> Response[list[TableBody] | TablePage]:
        """By id. With `at` and `duration_minutes` only tables that nobody has for any of that time.

        The first thousand as an array; with `limit` or `cursor` a page. `Link` tells where an array would go on.
        """
        wanted = TableFilter(seats_min, requests.evening(at, duration_minutes))
        after = 0 if cursor is None else read_cursor(cursor, IdPosition)
        await self._access.of(request)
        is_page = limit is not None or cursor is not None
        most = (limit or LIMIT_DEFAULT) if is_page else ARRAY_MAX
        found = [TableBody.of(each) for each in await self._tables.page(wanted, after, most)]
        shown = page(found, most, lambda last: last.id)
        if is_page:
            return Response(200, msgspec.json.encode(shown))
        return Response(200, msgspec.json.encode(shown.items), _next_page(request, shown.next_cursor))

    @tables("POST", "/tables", "Make a table", answer="The table", refuses=(403, 429), reads=(IdempotencyKey,))
    async def create_table(self, request: Request, data: NewTable) -> Response[TableBody]:
        """Under `ACCESS=token` admins only."""
        caller = await self._access.of(request)
        self._access.check_may_manage(caller)
        return idempotency.made(await self._tables.create(data, idempotency.key_of(request, caller.name)))

    @tables("DELETE", "/tables/{table_id}", "Take a table away", refuses=(403, 404, 409, 429))
    async def delete_table(self, request: Request, table_id: Id) -> None:
        """409 while it has reservations that have not ended. Under `ACCESS=token` admins only."""
        found = fields.number("id", table_id, rule="table_id")
        self._access.check_may_manage(await self._access.of(request))
        await self._tables.delete(found)


def _next_page(request: Request, cursor: str | None) -> Headers:
    """The header (RFC 8288) that says where the rest of an array is, if it has one."""
    if cursor is None:
        return ()
    given = parse_qsl(request.query.decode("latin-1"), keep_blank_values=True)
    query = urlencode([*given, ("limit", LIMIT_MAX), ("cursor", cursor)])
    return ((b"link", f'</tables?{query}>; rel="next"'.encode()),)
