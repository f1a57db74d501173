"""Rooms, one's own bookings, the admin's pages, and signing in and out."""

import re
import unicodedata
from collections.abc import Callable
from uuid import uuid4

import httpx
import pytest
from browsing import DAY, Visits, bearer, board, book, make_event, make_room, slot, somebody, take_seat
from playwright.async_api import Page, expect

from people import PASSWORD, dummy, login, register, signed_in, some_email
from service import Service


async def sign_in(page: Page, email: str, password: str = PASSWORD) -> None:
    await page.get_by_label("E-mail").fill(email)
    await page.get_by_role("textbox", name="Password").fill(password)
    await page.get_by_role("button", name="Sign in").click()


async def test_a_slot_is_booked_with_a_link_that_is_found_again(http: httpx.AsyncClient, visits: Visits) -> None:
    room = await make_room(http, startTime="09:00", endTime="11:00")
    token, _ = await somebody(http)
    page = await visits.page(f"/rooms/{room['id']}?day={DAY}", token)
    await expect(page.get_by_text("4 free half hours")).to_be_visible()
    await page.get_by_role("button", name="Book at 09:30").click()
    await page.get_by_label("With a video meeting link").check()
    await page.get_by_role("dialog").get_by_role("button", name="Book").click()
    await expect(page.get_by_text("3 free half hours")).to_be_visible()
    await page.get_by_role("link", name="My bookings").click()
    mine = page.get_by_role("listitem", name=room["name"])
    await expect(mine.get_by_role("link", name="Video meeting")).to_be_visible()
    await page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    await mine.get_by_role("button", name="Copy link").click()
    await expect(mine.get_by_role("button", name="Copied")).to_be_visible()
    assert (await page.evaluate("navigator.clipboard.readText()")).startswith("https://meet.example.com/")


async def test_ones_own_bookings_are_cancelled_and_had_back(http: httpx.AsyncClient, visits: Visits) -> None:
    room = await make_room(http)
    token, headers = await somebody(http)
    await book(http, room, headers, "10:00")
    page = await visits.page("/bookings", token)
    await page.get_by_role("button", name="Cancel booking").click()
    await expect(page.get_by_text("Being cancelled", exact=True)).to_be_visible()
    await page.get_by_role("listitem").get_by_role("button", name="Undo").click()
    await expect(page.get_by_role("button", name="Cancel booking")).to_be_visible()


async def test_ones_own_seats_are_among_ones_bookings(http: httpx.AsyncClient, visits: Visits) -> None:
    event, room = await make_event(http), await make_room(http)
    me, headers = await signed_in(http)
    await take_seat(http, event, me["id"], headers=headers)
    page = await visits.page("/bookings", bearer(headers))
    mine = page.get_by_role("listitem", name=event["name"])
    await expect(mine).to_be_visible()
    await expect(page.get_by_text("You have no bookings")).to_have_count(0)
    await expect(page.get_by_text("1 booking", exact=True)).to_be_visible()
    await book(http, room, headers, "10:00")
    await expect(page.get_by_text("2 bookings", exact=True)).to_be_visible()
    await mine.get_by_role("button", name="Cancel booking").click()
    await expect(mine.get_by_text("Being cancelled")).to_be_visible()
    await mine.get_by_role("button", name="Undo").click()
    await expect(mine.get_by_role("button", name="Cancel booking")).to_be_visible()
    await mine.get_by_role("link", name=event["name"]).click()
    await expect(page.get_by_text("You have a seat")).to_be_visible()


async def test_a_seat_that_is_booked_elsewhere_appears_among_ones_bookings(
    http: httpx.AsyncClient, visits: Visits
) -> None:
    event = await make_event(http)
    me, headers = await signed_in(http)
    page = await visits.page("/bookings", bearer(headers))
    await expect(page.get_by_text("You have no bookings")).to_be_visible()
    await take_seat(http, event, me["id"], headers=headers)
    await expect(page.get_by_role("listitem", name=event["name"])).to_be_visible()


async def test_what_is_known_of_ones_bookings_is_shown_when_the_rest_fails(
    http: httpx.AsyncClient, visits: Visits
) -> None:
    room = await make_room(http)
    token, headers = await somebody(http)
    await book(http, room, headers, "10:00")
    page = await visits.window(token)
    await page.route("**/metrics/*", lambda route: route.fulfill(status=503, body=""))
    await page.goto("/app/bookings")
    await expect(page.get_by_role("listitem", name=room["name"])).to_be_visible()
    await expect(page.get_by_role("button", name="Try again")).to_be_visible()


async def test_who_has_nothing_booked_is_told_so(http: httpx.AsyncClient, visits: Visits) -> None:
    page = await visits.page("/bookings", (await somebody(http))[0])
    await expect(page.get_by_text("You have no bookings")).to_be_visible()


async def test_an_admin_makes_a_room_and_sees_its_slots(http: httpx.AsyncClient, visits: Visits) -> None:
    name = f"Attic {uuid4().hex[:8]}"
    page = await visits.page("/admin/rooms", bearer(await dummy(http, "admin")))
    await page.get_by_role("button", name="New room").click()
    await page.get_by_label("Name").fill(name)
    await page.get_by_label("Seats").fill("5")
    await page.get_by_role("button", name="Create").click()
    await page.get_by_label("Opens (UTC)").select_option("10:00")
    await page.get_by_label("Closes (UTC)").select_option("12:00")
    await expect(page.get_by_text("This makes 4 slots a day")).to_be_visible()
    await expect(page.get_by_test_id("slots")).to_have_text("10:0010:3011:0011:30")
    await page.get_by_role("button", name="Set hours").last.click()
    room = page.get_by_role("group", name=name)
    await expect(room).to_contain_text("Mo–Fr · 10:00–12:00")
    user = await visits.page(f"/?day={DAY}&q={name.replace(' ', '+')}", (await somebody(http))[0])
    await slot(user, {"name": name}, "11:30").click()
    await expect(user.get_by_role("dialog").get_by_role("button", name="Book")).to_be_enabled()


async def test_a_retired_room_is_gone(http: httpx.AsyncClient, visits: Visits) -> None:
    room = await make_room(http)
    page = await visits.page("/admin/rooms", bearer(await dummy(http, "admin")))
    await page.get_by_role("group", name=room["name"]).get_by_role("button", name="Retire").click()
    await page.get_by_role("dialog").get_by_role("button", name="Retire").click()
    await expect(page.get_by_role("group", name=room["name"])).to_have_count(0)


async def test_an_admin_sees_all_bookings_with_rooms_and_people(http: httpx.AsyncClient, visits: Visits) -> None:
    room = await make_room(http)
    user, headers = await signed_in(http)
    await book(http, room, headers, "10:00")
    page = await visits.page("/admin/bookings", bearer(await dummy(http, "admin")))
    row = page.get_by_role("row", name=room["name"])
    await expect(row).to_contain_text("Wed, 1 May, 10:00–10:30")
    await expect(row).to_contain_text(user["email"])


async def test_an_admin_disables_a_user_who_is_then_signed_out(http: httpx.AsyncClient, visits: Visits) -> None:
    user, headers = await signed_in(http)
    theirs = await visits.page("/bookings", bearer(headers))
    await expect(theirs.get_by_text("You have no bookings")).to_be_visible()
    total = (await http.get("/users", headers=await dummy(http, "admin"))).json()["pagination"]["total"]
    page = await visits.page(f"/admin/users?page={-(-total // 20)}", bearer(await dummy(http, "admin")))
    await page.get_by_role("button", name=f"Disable {user['email']}").click()
    await page.get_by_role("dialog").get_by_role("button", name="Disable").click()
    await expect(page.get_by_role("button", name=f"Enable {user['email']}")).to_be_visible()
    await theirs.reload()
    await expect(theirs.get_by_text("Your session has ended")).to_be_visible()


async def test_an_admin_gives_a_role(http: httpx.AsyncClient, visits: Visits) -> None:
    user, headers = await signed_in(http)
    total = (await http.get("/users", headers=await dummy(http, "admin"))).json()["pagination"]["total"]
    page = await visits.page(f"/admin/users?page={-(-total // 20)}", bearer(await dummy(http, "admin")))
    await page.get_by_label(f"Role of {user['email']}").select_option("admin")
    async with page.expect_response(lambda answer: answer.request.method == "PATCH"):
        await page.get_by_role("dialog").get_by_role("button", name="Make an admin").click()
    assert (await http.get("/me", headers=headers)).json()["user"]["role"] == "admin"


@pytest.mark.parametrize("act", ["role", "disable"])
async def test_nobodys_rights_change_before_it_is_confirmed(http: httpx.AsyncClient, visits: Visits, act: str) -> None:
    user, headers = await signed_in(http)
    total = (await http.get("/users", headers=await dummy(http, "admin"))).json()["pagination"]["total"]
    page = await visits.page(f"/admin/users?page={-(-total // 20)}", bearer(await dummy(http, "admin")))
    role = page.get_by_label(f"Role of {user['email']}")
    control = role if act == "role" else page.get_by_role("button", name=f"Disable {user['email']}")
    changes: list[str] = []
    page.on("request", lambda sent: changes.append(sent.method) if sent.method == "PATCH" else None)
    if act == "role":
        await role.select_option("admin")
    else:
        await control.click()
    dialog = page.get_by_role("dialog")
    await expect(dialog).to_contain_text(user["email"])
    await dialog.get_by_role("button", name="Close").last.click()
    await expect(dialog).to_have_count(0)
    await expect(role).to_have_value("user")
    await expect(control).to_be_focused()
    assert changes == []
    assert (await http.get("/me", headers=headers)).json()["user"]["role"] == "user"


async def test_who_would_lose_their_own_rights_is_told_that_it_is_them(http: httpx.AsyncClient, visits: Visits) -> None:
    page = await visits.page("/admin/users", bearer(await dummy(http, "admin")))
    me = (await http.get("/me", headers=await dummy(http, "admin"))).json()["user"]
    for number in range(1, 100):
        shown = (
            await http.get("/users", params={"page": number, "pageSize": 20}, headers=await dummy(http, "admin"))
        ).json()
        if any(each["id"] == me["id"] for each in shown["users"]):
            await page.goto(f"/app/admin/users?page={number}")
            break
    await page.get_by_label(f"Role of {me['email']}").select_option("user")
    await expect(page.get_by_role("dialog")).to_contain_text("This is your own account.")


async def test_somebody_registers_and_is_signed_in(visits: Visits) -> None:
    page = await visits.page("/bookings")
    await page.get_by_role("link", name="Register").click()
    await page.get_by_label("E-mail").fill(some_email())
    await page.get_by_role("textbox", name="Password").fill(PASSWORD)
    await page.get_by_role("button", name="Register").click()
    await expect(page.get_by_role("button", name="Account:")).to_be_visible()


async def test_the_forms_take_what_the_api_takes(http: httpx.AsyncClient, visits: Visits) -> None:
    """An address in Cyrillic, which browsers think is none, and a password with accents as characters of their own."""
    email = f"{uuid4().hex}.й@пример.example"
    password = "éèêëáàâä"
    page = await visits.page("/register")
    await page.get_by_label("E-mail").fill(f" {email.upper()} ")
    await page.get_by_role("textbox", name="Password").fill(unicodedata.normalize("NFD", password))
    await page.get_by_role("button", name="Register").click()
    await expect(page.get_by_role("button", name="Account:")).to_be_visible()
    assert (await login(http, email, password)).status_code == 200
    page = await visits.page("/sign-in")
    await sign_in(page, email, password)
    await expect(page.get_by_role("button", name="Account:")).to_be_visible()


async def test_an_address_that_is_taken_is_said_at_its_field(http: httpx.AsyncClient, visits: Visits) -> None:
    taken = (await register(http)).json()["user"]["email"]
    page = await visits.page("/register")
    await page.get_by_label("E-mail").fill(taken)
    await page.get_by_role("textbox", name="Password").fill(PASSWORD)
    await page.get_by_role("button", name="Register").click()
    await expect(page.get_by_text("has an account already")).to_be_visible()


async def test_a_wrong_password_is_told(http: httpx.AsyncClient, visits: Visits) -> None:
    email = (await register(http)).json()["user"]["email"]
    page = await visits.page("/")
    await sign_in(page, email, "wrong horse")
    await expect(page.get_by_role("alert")).to_contain_text("The e-mail or the password is wrong")


async def test_who_signs_in_gets_where_they_wanted_and_stays_after_a_reload(
    http: httpx.AsyncClient, visits: Visits
) -> None:
    email = (await register(http)).json()["user"]["email"]
    page = await visits.page("/bookings")
    await sign_in(page, email)
    await expect(page.get_by_text("You have no bookings")).to_be_visible()
    await page.reload()
    await expect(page.get_by_text("You have no bookings")).to_be_visible()


async def test_signing_out_ends_the_session_in_all_tabs(http: httpx.AsyncClient, visits: Visits) -> None:
    page = await visits.page("/bookings", (await somebody(http))[0])
    await expect(page.get_by_text("You have no bookings")).to_be_visible()
    other = await page.context.new_page()
    await other.goto("/_info")
    await other.evaluate("sessionStorage.setItem('visited', '1')")
    await other.goto("/app/rooms")
    await expect(other.get_by_role("heading", name="Rooms")).to_be_visible()
    await page.get_by_role("button", name="Account:").click()
    await page.get_by_role("menuitem", name="Sign out").click()
    await expect(page.get_by_role("heading", name="Sign in")).to_be_visible()
    await expect(other.get_by_role("heading", name="Sign in")).to_be_visible()


async def test_a_token_that_does_not_hold_leads_to_signing_in(visits: Visits) -> None:
    page = await visits.page("/bookings", "not.a.token")
    await expect(page.get_by_text("Your session has ended")).to_be_visible()


async def test_a_changed_password_keeps_one_signed_in(http: httpx.AsyncClient, visits: Visits) -> None:
    _, headers = await signed_in(http)
    page = await visits.page("/password", bearer(headers))
    await page.get_by_role("textbox", name="Current password").fill(PASSWORD)
    await page.get_by_role("textbox", name="New password").fill("battery staple")
    await page.get_by_role("button", name="Change password").click()
    await expect(page.get_by_text("The password was changed")).to_be_visible()
    assert (await http.get("/me", headers=headers)).status_code == 401
    await page.goto("/app/bookings")
    await expect(page.get_by_text("You have no bookings")).to_be_visible()


@pytest.mark.parametrize(("role", "manages"), [("User", 0), ("Admin", 1)])
async def test_the_demo_signs_in_as_either(visits: Visits, role: str, manages: int) -> None:
    page = await visits.page("/")
    await page.get_by_role("button", name=role).click()
    await expect(page.get_by_role("link", name="My bookings")).to_be_visible()
    await expect(page.get_by_role("button", name="Manage")).to_have_count(manages)


async def test_an_admins_pages_are_in_a_menu(http: httpx.AsyncClient, visits: Visits) -> None:
    page = await visits.page("/", bearer(await dummy(http, "admin")))
    await page.get_by_role("button", name="Manage").click()
    await page.get_by_role("menuitem", name="Tables").click()
    await expect(page.get_by_role("heading", name="Tables")).to_be_visible()


async def test_a_public_server_has_no_demo(visits: Visits, database_url: str, start: Callable[..., Service]) -> None:
    settings = {"DATABASE_URL": database_url, "PRODUCTION": "true", "ACCESS": "token", "JWT_SECRET": "p" * 32}
    visits.url = start(**settings).url
    page = await visits.page("/")
    await expect(page.get_by_role("button", name="Sign in")).to_be_visible()
    await page.wait_for_load_state("networkidle")
    await expect(page.get_by_text("Try without an account")).to_have_count(0)


async def test_users_do_not_get_to_the_admins_pages(http: httpx.AsyncClient, visits: Visits) -> None:
    page = await visits.page("/admin/users", (await somebody(http))[0])
    await expect(page).to_have_url(re.compile(r"/app/?$"))


async def test_an_admin_is_told_that_users_book(http: httpx.AsyncClient, visits: Visits) -> None:
    room = await make_room(http)
    page = await visits.page(board(room), bearer(await dummy(http, "admin")))
    await slot(page, room, "10:00").click()
    await expect(page.get_by_role("alert")).to_contain_text("Rooms are booked by users")
    await expect(page.get_by_role("dialog").get_by_role("button")).to_have_count(1)


async def test_an_admin_reserves_what_is_no_managed_room(http: httpx.AsyncClient, visits: Visits) -> None:
    room = await make_room(http)
    name = f"kitchen {uuid4().hex[:8]}"
    page = await visits.page(board(room), bearer(await dummy(http, "admin")))
    await page.get_by_role("button", name="Reserve").click()
    dialog = page.get_by_role("dialog")
    await expect(dialog).to_contain_text("Managed rooms are booked by users")
    await dialog.get_by_label("Name").fill(name)
    await dialog.get_by_role("button", name="Reserve").click()
    await expect(dialog).to_have_count(0)
    assert len((await http.get(f"/reservations/{name}")).json()) == 1


async def test_an_admin_sees_a_rooms_free_times_without_buttons(http: httpx.AsyncClient, visits: Visits) -> None:
    room = await make_room(http, startTime="09:00", endTime="11:00")
    page = await visits.page(f"/rooms/{room['id']}?day={DAY}", bearer(await dummy(http, "admin")))
    free = page.get_by_role("region", name="Free")
    await expect(free).to_contain_text("Rooms are booked by users")
    await expect(free.get_by_text("09:30")).to_be_visible()
    await expect(free.get_by_role("button")).to_have_count(0)


async def test_the_description_of_the_api_is_shown_and_tried_out_under_its_policy(visits: Visits) -> None:
    page = await visits.page("/sign-in")
    await page.goto("/docs")
    await page.locator("[id^=operations-service]").first.locator("button").first.click()
    await page.get_by_role("button", name="Try it out").click()
    await page.get_by_role("button", name="Execute").click()
    await expect(page.get_by_text("Response headers").first).to_be_visible()
