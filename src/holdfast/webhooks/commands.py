"""`holdfast webhooks …`: what admins do over HTTP, at the terminal."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import ExitStack
from typing import TYPE_CHECKING, Annotated, TypeVar
from uuid import UUID

import typer
from rich.table import Table

from holdfast.console import console, prepared_url, read_settings, stop, told
from holdfast.errors import CommandRefused

if TYPE_CHECKING:
    from holdfast.webhooks.bodies import WebhookSecretBody
    from holdfast.webhooks.queries import Webhook
    from holdfast.webhooks.service import Webhooks

T = TypeVar("T")
SHOWN_MAX = 100
HookId = Annotated[UUID, typer.Argument(metavar="ID", help="The webhook's id, as `list` shows it")]

webhooks = typer.Typer(help="Addresses that messages are sent to, signed.", no_args_is_help=True)


@webhooks.command()
def add(
    url: Annotated[str, typer.Argument(help="Where messages are sent: https://…")],
    types: Annotated[str, typer.Option(help="Types of the messages, separated by commas; all without it")] = "",
) -> None:
    """Make a webhook. Its secret is shown this once."""
    from holdfast.webhooks import operator

    try:
        wanted = operator.request(url, [each.strip() for each in types.split(",") if each.strip()])
    except CommandRefused as error:
        stop(str(error), 2)
    _show_secret(_ask(lambda hooks: hooks.add(wanted)))


@webhooks.command("list")
def browse() -> None:
    """Show all webhooks, and which are switched off and why."""
    table = Table()
    for heading in ("Id", "Address", "Types", "Waiting", "State"):
        table.add_column(heading, overflow="fold", no_wrap=heading == "Id")
    for hook in _ask(lambda hooks: hooks.all()):
        table.add_row(str(hook.id), hook.url, ", ".join(hook.types) or "all", str(hook.waiting), _state(hook))
    console.print(table)


@webhooks.command()
def remove(webhook: HookId) -> None:
    """Remove a webhook, with what waits for it and its log."""
    _ask(lambda hooks: hooks.remove(webhook))
    console.print("Removed")


@webhooks.command()
def enable(webhook: HookId) -> None:
    """Switch a webhook on: what still waits is sent, and what is published from now on."""
    console.print(_state(_ask(lambda hooks: hooks.enable(webhook))))


@webhooks.command()
def disable(webhook: HookId) -> None:
    """Switch a webhook off."""
    console.print(_state(_ask(lambda hooks: hooks.disable(webhook))))


@webhooks.command()
def rotate(webhook: HookId) -> None:
    """Give a webhook a new secret. For a day, messages are signed with the old one as well."""
    _show_secret(_ask(lambda hooks: hooks.rotate(webhook)))


@webhooks.command()
def test(webhook: HookId) -> None:
    """Send a test message; `deliveries` shows what came of it."""
    console.print(f"Queued message {_ask(lambda hooks: hooks.test(webhook))}", highlight=False)


@webhooks.command()
def deliveries(webhook: HookId) -> None:
    """Show the last hundred messages of a webhook, newest first."""
    table = Table()
    for heading in ("Queued", "Message", "Type", "Place", "Attempts", "Last answer", "Outcome"):
        table.add_column(heading, overflow="fold", no_wrap=heading == "Message")
    for each in _ask(lambda hooks: hooks.log(webhook, None, SHOWN_MAX)):
        last = " ".join(str(part) for part in (each.status, each.failure) if part is not None)
        waits = "waits" if each.due_at is None else f"waits until {each.due_at:%Y-%m-%d %H:%M:%S}"
        row = (str(each.message_id), each.type, each.place, str(each.attempts), last, each.outcome or waits)
        table.add_row(f"{each.queued_at:%Y-%m-%d %H:%M:%S}", *row)
    console.print(table)


def _ask(ask: "Callable[[Webhooks], Awaitable[T]]") -> T:
    """Do it on the database; what is refused ends the command."""
    from holdfast.webhooks import operator

    settings = read_settings()

    async def work(url: str) -> T:
        async with operator.opened(url, settings) as hooks:
            return await ask(hooks)

    with told(1, CommandRefused), ExitStack() as stack:
        return asyncio.run(work(prepared_url(settings, stack)))
    raise AssertionError("what is told ends the command")


def _show_secret(made: "WebhookSecretBody") -> None:
    console.print(f"id      {made.id}\nsecret  {made.secret}", highlight=False, soft_wrap=True)


def _state(hook: "Webhook") -> str:
    if hook.disabled_at is not None:
        return f"switched off {hook.disabled_at:%Y-%m-%d %H:%M} UTC: {hook.disabled_why}"
    return "on" if hook.failing_since is None else f"on, failing since {hook.failing_since:%Y-%m-%d %H:%M} UTC"
