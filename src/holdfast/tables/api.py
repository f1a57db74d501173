"""`/tables`: HTTP in, HTTP out. Field by field: docs/tables.md."""

from typing import Annotated, Any

from litestar import Controller, Request, Response, delete, get, post
from litestar.openapi import ResponseSpec
from litestar.params import Parameter

from holdfast.accounts.access import Access
from holdfast.accounts.roles import Caller
from holdfast.http import fields, idempotency
from holdfast.http.bodies import JSON, StrictBody
from holdfast.http.docs import MAY_HAVE_TOKEN, refusals
from holdfast.http.handlers import IdempotencyKey, asked
from holdfast.http.idempotency import REPLAYED
from holdfast.tables import requests
from holdfast.tables.bodies import TableBody, TableRequest
from holdfast.tables.service import Tables

TABLE_MADE = {201: ResponseSpec(TableBody, description="The table", generate_examples=False)}
Id = Annotated[str, Parameter(description="The table's id", schema_extra={"pattern": "^[1-9][0-9]{0,18}$"})]


class TablesApi(Controller):
    """A restaurant's tables. They are reserved through `/reservations`."""

    path = "/tables"
    tags = ("tables",)
    security = MAY_HAVE_TOKEN

    @get(summary="List tables", responses=refusals(400, 401))
    async def browse(
        self,
        request: Request[Any, Any, Any],
        tables: Tables,
        access: Access,
        seats_min: Annotated[int, Parameter(ge=1, le=1_000, description="Only with so many seats")] = 1,
        at: Annotated[fields.Timestamp | None, Parameter(description="Only those free from this moment")] = None,
        duration_minutes: Annotated[int | None, Parameter(ge=1, le=1_440, description="and for so long")] = None,
    ) -> list[TableBody]:
        """By id. With `at` and `duration_minutes` only tables that nobody has for any of that time."""
        evening = requests.evening(at, duration_minutes)
        await _caller(request, access)
        return [TableBody.of(each) for each in await tables.all(seats_min, evening)]

    @post(
        dto=StrictBody[TableRequest],
        return_dto=None,
        summary="Make a table",
        responses=TABLE_MADE | refusals(400, 401, 403, 413, 415, 422),
    )
    async def create(
        self,
        data: TableRequest,
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

    @delete("/{table_id:str}", summary="Take a table away", responses=refusals(400, 401, 403, 404, 409))
    async def remove(self, table_id: Id, request: Request[Any, Any, Any], tables: Tables, access: Access) -> None:
        """409 while it has reservations that have not ended. Under `ACCESS=token` admins only."""
        found = fields.number("id", table_id, rule="table_id")
        access.check_may_manage(await _caller(request, access))
        await tables.delete(found)


async def _caller(request: Request[Any, Any, Any], access: Access) -> Caller:
    return await access.caller(request.headers.get("authorization"))
