"""What becomes of messages at receivers of all kinds, by a courier whose clock the test sets."""

import json
from datetime import timedelta

import pytest
from standardwebhooks.webhooks import Webhook, WebhookVerificationError

from couriers import posting, row
from holdfast.deliveries.courier import AT_ONCE
from holdfast.deliveries.retries import PAUSES
from holdfast.outbox.journal import Journal, LeadershipLost
from holdfast.outbox.relay import Connectivity, Term
from holdfast.outbox.sinks import LocalSink
from holdfast.outbox.subscribers import Subscribers
from messages import leading
from receivers import Receiver
from rooms import some_room


async def test_a_message_arrives_as_it_is_published(fresh_database_url: str) -> None:
    room = some_room()
    async with posting(fresh_database_url) as post:
        with Receiver() as receiver:
            hook_id, _ = await post.add(receiver.url)
            message_id = await post.publish(room)
            await post.turn()
            [got], [logged] = receiver.got, await post.log(hook_id)
        [entry] = await Journal(post.database).read(0)
    assert got.body == entry.body
    assert (got.id, got.path, got.headers["content-type"]) == (message_id, "/hook", "application/json")
    assert (logged.outcome, logged.status, logged.attempts) == ("delivered", 204, 1)


async def test_what_was_published_before_is_not_sent(fresh_database_url: str) -> None:
    room = some_room()
    async with posting(fresh_database_url) as post:
        with Receiver() as receiver:
            await post.publish(room)
            await post.add(receiver.url)
            after = await post.publish(room)
            await post.turn()
            assert receiver.ids == [after]


async def test_only_the_types_that_are_wanted_are_sent(fresh_database_url: str) -> None:
    room = some_room()
    async with posting(fresh_database_url) as post:
        with Receiver() as receiver:
            await post.add(receiver.url, "reservation.cancelled")
            await post.publish(room)
            wanted = await post.publish(room, "reservation.cancelled")
            await post.turn()
            assert receiver.ids == [wanted]


async def test_the_signature_holds_for_the_schemes_own_library(fresh_database_url: str) -> None:
    async with posting(fresh_database_url) as post:
        with Receiver() as receiver:
            _, secret = await post.add(receiver.url)
            await post.publish(some_room())
            await post.turn()
            [got] = receiver.got
    assert Webhook(secret).verify(got.body, got.headers) == got.message
    with pytest.raises(WebhookVerificationError):
        Webhook(secret).verify(got.body + b" ", got.headers)
    later = got.headers | {"webhook-timestamp": str(int(got.headers["webhook-timestamp"]) + 1)}
    with pytest.raises(WebhookVerificationError):
        Webhook(secret).verify(got.body, later)


async def test_a_new_secret_and_for_a_day_the_old_one_sign(fresh_database_url: str) -> None:
    async with posting(fresh_database_url) as post:
        with Receiver() as receiver:
            hook_id, old = await post.add(receiver.url)
            new = (await post.webhooks.rotate(hook_id)).secret
            await post.publish(some_room())
            await post.turn()
            await post.publish(some_room())
            await post.later(hours=25)
            first, second = receiver.got
    for secret in (old, new):
        Webhook(secret).verify(first.body, first.headers)
    assert (len(first.headers["webhook-signature"].split()), len(second.headers["webhook-signature"].split())) == (2, 1)


async def test_a_places_messages_come_in_order_although_the_first_fails(fresh_database_url: str) -> None:
    room, other = some_room(), some_room()
    async with posting(fresh_database_url) as post:
        with Receiver(500, 204) as receiver:
            await post.add(receiver.url)
            first, second = await post.publish(room), await post.publish(room)
            await post.turn()
            # Published now: two places' messages are sent at once, and the first to arrive is the one that fails.
            elsewhere = await post.publish(other)
            await post.turn()
            assert receiver.ids == [first, elsewhere]
            await post.later(seconds=5)
            assert receiver.ids == [first, elsewhere, first, second]


async def test_what_fails_is_tried_again_by_the_schedule_for_a_day(fresh_database_url: str) -> None:
    async with posting(fresh_database_url) as post:
        with Receiver(500) as receiver:
            hook_id, _ = await post.add(receiver.url)
            await post.publish(some_room())
            await post.turn()
            for number, pause in enumerate(PAUSES, 1):
                await post.later(seconds=pause.total_seconds() - 1)
                assert len(receiver.got) == number
                await post.later(seconds=1)
                assert len(receiver.got) == number + 1
            assert (await post.hook(hook_id)).disabled_at is None
            await post.later(days=1)
            [logged], hook = await post.log(hook_id), await post.hook(hook_id)
            assert (logged.outcome, logged.failure, logged.status) == ("given_up", "status", 500)
            assert hook.disabled_why == "failing"
            assert len(receiver.got) == len(PAUSES) + 2


def test_the_schedule_ends_within_the_day() -> None:
    assert timedelta(hours=23) < sum(PAUSES, timedelta()) < timedelta(days=1)


async def test_a_message_that_a_receiver_dislikes_is_given_up_and_the_rest_goes_on(fresh_database_url: str) -> None:
    room = some_room()
    async with posting(fresh_database_url) as post:
        with Receiver(422) as receiver:
            hook_id, _ = await post.add(receiver.url)
            await post.publish(room)
            behind = await post.publish(room)
            await post.turn()
            receiver.steps = [204]
            elsewhere = await post.publish(some_room())
            await post.turn()
            receiver.steps = [422, 204]
            await post.later(days=1, seconds=1)
            assert receiver.ids[-2:] == [receiver.ids[0], behind]
            assert elsewhere in receiver.ids
            outcomes = [each.outcome for each in await post.log(hook_id)]
            assert sorted(str(each) for each in outcomes) == ["delivered", "delivered", "given_up"]
            assert (await post.hook(hook_id)).disabled_at is None


async def test_gone_switches_off_at_once(fresh_database_url: str) -> None:
    async with posting(fresh_database_url) as post:
        with Receiver(410) as receiver:
            hook_id, _ = await post.add(receiver.url)
            await post.publish(some_room())
            await post.turn()
            await post.publish(some_room())
            await post.later(days=1)
            assert len(receiver.got) == 1
            assert (await post.hook(hook_id)).disabled_why == "gone"


async def test_what_waits_is_sent_once_it_is_switched_on_and_what_was_missed_is_not(fresh_database_url: str) -> None:
    room = some_room()
    async with posting(fresh_database_url) as post:
        with Receiver(410, 204) as receiver:
            hook_id, _ = await post.add(receiver.url)
            first, second = await post.publish(room), await post.publish(room)
            await post.turn()
            await post.publish(room)
            await post.turn()
            hook = await post.webhooks.enable(hook_id)
            after = await post.publish(room)
            await post.turn()
            assert (hook.disabled_at, hook.failing_since) == (None, None)
            assert receiver.ids == [first, first, second, after]


async def test_a_receiver_that_is_back_gets_what_waits_at_once(fresh_database_url: str) -> None:
    async with posting(fresh_database_url) as post:
        with Receiver(503) as receiver:
            await post.add(receiver.url)
            early = await post.publish(some_room())
            for passed in (0, 5, 30, 120, 600):
                await post.later(seconds=passed)
            receiver.steps = [204]
            late = await post.publish(some_room())
            await post.turn()
            assert receiver.ids[-2:] == [late, early]


async def test_a_failing_receiver_is_sent_one_message_at_a_time(fresh_database_url: str) -> None:
    async with posting(fresh_database_url) as post:
        with Receiver(500, "wait") as receiver:
            await post.add(receiver.url)
            await post.publish(some_room())
            await post.turn()
            for _ in range(AT_ONCE):
                await post.publish(some_room())
            await post.queue()
            await post.courier.send(post.lease)
            await post.courier.send(post.lease)
            assert post.courier._count(next(iter(post.courier._active))) == 1
            receiver.may_answer.set()
            await post.courier.idle()


async def test_one_slow_receiver_does_not_hold_up_another(fresh_database_url: str) -> None:
    async with posting(fresh_database_url) as post:
        with Receiver("wait") as slow, Receiver() as quick:
            await post.add(slow.url)
            quick_id, _ = await post.add(quick.url)
            wanted = [await post.publish(some_room()) for _ in range(AT_ONCE + 3)]
            await post.queue()
            while len(quick.got) < len(wanted):
                await post.courier.send(post.lease)
                done = [each for each in post.courier._under_way if each[0] == quick_id]
                await post.courier._under_way[done[0]] if done else None
            assert sorted(quick.ids) == sorted(wanted)
            assert len(slow.got) <= AT_ONCE
            slow.may_answer.set()
            await post.courier.idle()


async def test_what_was_sent_and_not_noted_is_sent_again_under_the_same_id(fresh_database_url: str) -> None:
    async with posting(fresh_database_url) as post:
        with Receiver() as receiver:
            hook_id, _ = await post.add(receiver.url)
            message_id = await post.publish(some_room())
            await post.queue()
            await leading(Journal(post.database), "another")
            await post.courier.send(post.lease)
            await post.courier.idle()
            assert (receiver.ids, (await post.log(hook_id))[0].outcome) == ([message_id], None)
        with pytest.raises(LeadershipLost):
            await post.courier.tidy(post.lease)
    async with posting(fresh_database_url) as post:
        with Receiver() as receiver:
            await row(fresh_database_url, "UPDATE webhooks SET url = $1", receiver.url)
            await post.turn()
            assert receiver.ids == [message_id]


async def test_messages_that_get_new_positions_are_not_queued_twice(fresh_database_url: str) -> None:
    async with posting(fresh_database_url) as post:
        with Receiver() as receiver:
            await post.add(receiver.url)
            message_id = await post.publish(some_room())
            await post.turn()
            await post.lease.renumber(0, 0)
            after = await post.publish(some_room())
            await post.turn()
            assert receiver.ids == [message_id, after]


async def test_too_many_that_wait_switch_a_webhook_off(fresh_database_url: str) -> None:
    async with posting(fresh_database_url, waiting_max=3) as post:
        with Receiver() as receiver:
            hook_id, _ = await post.add(receiver.url)
            for _ in range(4):
                await post.publish(some_room())
            await post.queue()
            hook = await post.hook(hook_id)
            assert (hook.disabled_why, hook.waiting) == ("full", 4)


async def test_the_relay_keeps_what_is_not_queued_yet(fresh_database_url: str) -> None:
    async with posting(fresh_database_url) as post:
        post.courier.begin()
        assert post.courier.needs_after() == 0
        await post.turn()
        assert post.courier.needs_after() is None
        with Receiver() as receiver:
            await post.add(receiver.url)
            await post.publish(some_room())
            await post.turn()
            assert post.courier.needs_after() == await Journal(post.database).last()


async def test_the_relay_removes_nothing_that_is_not_queued(fresh_database_url: str) -> None:
    async with posting(fresh_database_url) as post:
        journal = Journal(post.database)
        await post.publish(some_room())
        await row(fresh_database_url, "UPDATE outbox SET published_at = now() - interval '1 hour' RETURNING id")
        term = Term(post.lease, LocalSink(journal, Subscribers()), Connectivity(), journal.written, (post.courier,))
        term.delivered = await journal.last()
        await term.remove()
        assert len(await journal.read(0)) == 1
        await post.turn()
        term.delivered += 1
        await term.remove()
        assert await journal.read(0) == []


async def test_the_log_is_kept_for_thirty_days(fresh_database_url: str) -> None:
    async with posting(fresh_database_url) as post:
        with Receiver() as receiver:
            hook_id, _ = await post.add(receiver.url)
            await post.publish(some_room())
            await post.turn()
            post.now.now += timedelta(days=29)
            await post.publish(some_room())
            await post.turn()
            await post.courier.tidy(post.lease)
            assert len(await post.log(hook_id)) == 2
            post.now.now += timedelta(days=2)
            await post.courier.tidy(post.lease)
            assert len(await post.log(hook_id)) == 1


async def test_what_waits_behind_what_was_forgotten_is_sent(fresh_database_url: str) -> None:
    room = some_room()
    async with posting(fresh_database_url) as post:
        with Receiver(410, 204) as receiver:
            hook_id, _ = await post.add(receiver.url)
            await post.publish(room)
            await post.turn()
            await post.webhooks.enable(hook_id)
            receiver.steps = [410, 204]
            post.now.now += timedelta(days=20)
            second = await post.publish(room)
            await post.turn()
            post.now.now += timedelta(days=20)
            await post.courier.tidy(post.lease)
            await post.webhooks.enable(hook_id)
            await post.turn()
            assert receiver.ids[-1] == second
            assert [each.outcome for each in await post.log(hook_id)] == ["delivered"]


async def test_a_message_that_arrived_leaves_no_data_in_the_log(fresh_database_url: str) -> None:
    async with posting(fresh_database_url) as post:
        with Receiver() as receiver:
            await post.add(receiver.url)
            await post.publish(some_room())
            await post.turn()
    assert (await row(fresh_database_url, "SELECT body FROM webhook_deliveries"))["body"] is None


async def test_a_webhook_that_is_removed_leaves_nothing(fresh_database_url: str) -> None:
    async with posting(fresh_database_url) as post:
        with Receiver() as receiver:
            hook_id, _ = await post.add(receiver.url)
            await post.publish(some_room())
            await post.turn()
            await post.webhooks.remove(hook_id)
            await post.publish(some_room())
            await post.turn()
            await post.courier.tidy(post.lease)
            assert len(receiver.got) == 1
    assert await row(fresh_database_url, "SELECT FROM webhooks") is None
    assert await row(fresh_database_url, "SELECT FROM webhook_deliveries") is None


async def test_a_test_message_arrives_like_all_others(fresh_database_url: str) -> None:
    async with posting(fresh_database_url) as post:
        with Receiver() as receiver:
            hook_id, secret = await post.add(receiver.url, "room.created")
            message_id = await post.webhooks.test(hook_id)
            await post.turn()
            [got] = receiver.got
    message = Webhook(secret).verify(got.body, got.headers)
    assert (message["id"], message["type"]) == (str(message_id), "webhook.test")
    assert json.loads(got.body).keys() == {"id", "type", "place", "occurred_at", "data"}
