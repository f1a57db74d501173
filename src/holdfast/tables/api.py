"""`/tables`: HTTP in, HTTP out. Field by field: docs/tables.md."""

from typing import Annotated, Any
from urllib.parse import urlencode

from litestar import Controller, Request, Response, delete, get, post
from litestar.openapi import ResponseSpec
from litestar.params import Parameter

from holdfast.accounts.access import Access
from holdfast.accounts.roles import Caller
from holdfast.http import fields, idempotency
from holdfast.http.bodies import JSON, StrictBody
from holdfast.http.docs import MAY_HAVE_TOKEN, refusals
from holdfast.http.handlers import Cursor, IdempotencyKey, asked
from holdfast.http.idempotency import REPLAYED
from holdfast.http.paging import LIMIT_DEFAULT, LIMIT_MAX, IdPosition, page, read_cursor
from holdfast.tables import requests
from holdfast.tables.bodies import NewTable, TableBody, TablePage
from holdfast.tables.queries import Wanted
from holdfast.tables.service import Tables

TABLE_MADE = {201: ResponseSpec(TableBody, description="The table", generate_examples=False)}
TABLES_LISTED = {
    200: ResponseSpec(
        list[TableBody] | TablePage,  # type: ignore[arg-type]
        description="An array, or with `limit` or `cursor` a page",
        generate_examples=False,
    )
}
ARRAY_MAX = 1_000
"""Tables in an answer that is an array."""
OptionalLimit = Annotated[
    int | None, Parameter(ge=1, le=LIMIT_MAX, description="Most items on the page; asks for a page")
]
Id = Annotated[str, Parameter(description="The table's id", schema_extra={"pattern": "^[1-9][0-9]{0,18}$"})]


class TablesApi(Controller):
    """A restaurant's tables. They are reserved through `/reservations`."""

    path = "/tables"
    tags = ("tables",)
    security = MAY_HAVE_TOKEN

    @get(summary="List tables", responses=TABLES_LISTED | refusals(400, 401))
    async def list_tables(
        self,
        request: Request[Any, Any, Any],
        tables: Tables,
        access: Access,
        seats_min: Annotated[int, Parameter(ge=1, le=1_000, description="Only with so many seats")] = 1,
        at: Annotated[fields.Timestamp | None, Parameter(description="Only those free from this moment")] = None,
        duration_minutes: Annotated[int | None, Parameter(ge=1, le=1_440, description="and for so long")] = None,
        cursor: Cursor = None,
        limit: OptionalLimit = None,
    ) -> Response[list[TableBody] | TablePage]:
        """By id. With `at` and `duration_minutes` only tables that nobody has for any of that time.

        The first thousand as an array; with `limit` or `cursor` a page. `Link` tells where an array would go on.
        """
        wanted = Wanted(seats_min, requests.evening(at, duration_minutes))
        after = 0 if cursor is None else read_cursor(cursor, IdPosition)
        await _caller(request, access)
        is_page = limit is not None or cursor is not None
        most = (limit or LIMIT_DEFAULT) if is_page else ARRAY_MAX
        found = [TableBody.of(each) for each in await tables.page(wanted, after, most)]
        shown = page(found, most, lambda last: last.id)
        if is_page:
            return Response(shown)
        return Response(shown.items, headers=_next_page(request, shown.next_cursor))

    @post(
        dto=StrictBody[NewTable],
        return_dto=None,
        summary="Make a table",
        responses=TABLE_MADE | refusals(400, 401, 403, 413, 415, 422, 429),
    )
    async def create_table(
        self,
        data: NewTable,
        request: Request[Any, Any, Any],
        tables: Tables,
        access: Access,
        idempotency_key: IdempotencyKey = None,  # noqa: ARG002  for the description; read by `key_of`
    ) -> Response[bytes]:
        """Under `ACCESS=token` admins only."""
        caller = await _caller(request, access)
        access.check_may_manage(caller)
        made = await tables.create(data, idempotency.key_of(asked(request, await request.body()), caller.name))
        headers = {REPLAYED: "true"} if made.replayed else {}
        return Response(made.body, status_code=201, headers=headers, media_type=JSON)

    @delete("/{table_id:str}", summary="Take a table away", responses=refusals(400, 401, 403, 404, 409, 429))
    async def delete_table(self, table_id: Id, request: Request[Any, Any, Any], tables: Tables, access: Access) -> None:
        """409 while it has reservations that have not ended. Under `ACCESS=token` admins only."""
        found = fields.number("id", table_id, rule="table_id")
        access.check_may_manage(await _caller(request, access))
        await tables.delete(found)


def _next_page(request: Request[Any, Any, Any], cursor: str | None) -> dict[str, str]:
    """The header (RFC 8288) that says where the rest of an array is, if it has one."""
    if cursor is None:
        return {}
    query = [*request.query_params.multi_items(), ("limit", LIMIT_MAX), ("cursor", cursor)]
    return {"Link": f'</tables?{urlencode(query)}>; rel="next"'}


async def _caller(request: Request[Any, Any, Any], access: Access) -> Caller:
    return await access.caller(request.headers.get("authorization"))
