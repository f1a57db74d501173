"""The service's own processes are killed or told to stop in the middle of work: nothing acknowledged is lost."""

import asyncio
import os
import signal
import socket
import time
from collections.abc import Iterator

import psutil
import pytest

from holdfast import server
from races.ledger import acknowledged, active_ids, check_promise, statuses
from races.load import Load
from races.locks import room_locked, somebody_waits, until
from races.volley import Loaded, Shot, volley
from rooms import body, some_room
from service import Service


@pytest.fixture(scope="module")
def survivor(database_url: str) -> Iterator[Service]:
    """A service with two workers that is started, killed and started again."""
    service = Service({"DATABASE_URL": database_url, "WORKERS": 2})
    with service:
        yield service


@pytest.fixture
def service(survivor: Service) -> Service:
    """The same, serving."""
    if survivor.process is None or survivor.process.poll() is not None:
        survivor.start()
    return survivor


async def test_a_killed_service_has_lost_nothing_acknowledged(database_url: str, service: Service) -> None:
    with Load([service.port]) as load:
        load.wait_for(201, 100)
        service.kill()
        load.wait_for(0, 8)
    service.start()
    await load.check(database_url, unanswered=True)
    [found] = await asyncio.to_thread(
        volley, [Shot(service.port, "GET", f"/reservations/by-id/{next(iter(load.held))}")]
    )
    assert found.status == 200


async def test_a_killed_worker_is_replaced_and_has_lost_nothing_acknowledged(
    database_url: str, service: Service
) -> None:
    victim = service.workers()[0]
    with Load([service.port]) as load:
        load.wait_for(201, 50)
        victim.kill()
        await until(lambda: len([each for each in service.workers() if each.pid != victim.pid]) == 2)
        load.wait_for(201, 50)
    await load.check(database_url, unanswered=True)


async def test_workers_that_are_killed_while_they_start_are_replaced_at_once(database_url: str) -> None:
    with Service({"DATABASE_URL": database_url, "WORKERS": 2}) as service:
        first, second = before = sorted(service.workers(), key=psutil.Process.create_time)
        second.kill()
        await until(lambda: any(each not in before for each in service.workers()))
        [starting] = [each for each in service.workers() if each not in before]
        # It gives no sign of life now, for which it is asked as soon as the one before it has been replaced.
        starting.suspend()
        first.kill()
        await until(lambda: any(each not in {*before, starting} for each in service.workers()))
        killed = service.workers()
        for worker in killed:
            worker.kill()
        seconds_max = server.WORKER_SILENT_SECONDS_MAX / 2
        await until(lambda: len([each for each in service.workers() if each not in killed]) == 2, seconds_max)
    await check_promise(database_url)


async def test_without_their_supervisor_workers_end_and_free_the_port(database_url: str, service: Service) -> None:
    workers = service.workers()
    assert service.process is not None
    with Load([service.port]) as load:
        load.wait_for(201, 50)
        os.kill(service.process.pid, signal.SIGKILL)
        service.process.wait(10)
        _, alive = psutil.wait_procs(workers, timeout=10)
    assert alive == []
    socket.create_server(("127.0.0.1", service.port)).close()
    await load.check(database_url, unanswered=True)


async def test_a_worker_that_is_starting_when_its_supervisor_is_killed_ends_too(
    database_url: str, service: Service
) -> None:
    before = service.workers()
    before[0].kill()
    await until(lambda: any(each not in before for each in service.workers()))
    workers = service.workers()
    assert service.process is not None
    os.kill(service.process.pid, signal.SIGKILL)
    service.process.wait(10)
    _, alive = psutil.wait_procs(workers, timeout=15)
    assert alive == []
    await check_promise(database_url)


async def test_a_stopping_service_answers_whatever_it_does(database_url: str, service: Service) -> None:
    with Load([service.port]) as load:
        load.wait_for(201, 100)
        started = time.monotonic()
        status = service.stop()
        seconds = time.monotonic() - started
    assert status == 0
    assert seconds < 10
    # Not one reservation came to be whose client was not told.
    await load.check(database_url, unanswered=False)


async def test_a_stopping_service_finishes_requests_that_wait_for_a_lock(database_url: str, service: Service) -> None:
    room = some_room()
    before = await active_ids(database_url)
    shots = [Shot(service.port, "POST", "/reservations", body(room, 10, 11))] * 20
    with Loaded(shots) as loaded:
        async with room_locked(database_url, room) as connection:
            loaded.send()
            await somebody_waits(connection)
            with socket.create_connection(("127.0.0.1", service.port), timeout=10) as idle:
                # Answered after the twenty were read: connections are accepted in their order.
                for _ in range(8):
                    await asyncio.to_thread(volley, [Shot(service.port, "GET", "/_info")])
                assert service.process is not None
                service.process.send_signal(signal.SIGTERM)
                # What waits for nothing is closed first: now it is stopping.
                assert await asyncio.to_thread(idle.recv, 1) == b""
        answers = await asyncio.to_thread(loaded.answers)
    assert service.process.wait(10) == 0
    assert statuses(answers) == {201: 1, 409: 19}
    assert await active_ids(database_url) - before == acknowledged(answers)
    await check_promise(database_url)
