"""One attempt to send a message over HTTP, to an address that was looked at first."""

import asyncio
import socket
import ssl
from collections.abc import Awaitable, Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress

import httpx

from holdfast import __version__
from holdfast.deliveries.destinations import Attempt, Failure
from holdfast.webhooks.addresses import Address, Networks, literal_address, may_reach

SECONDS_MAX = 10.0
"""For one attempt: the name, the connection and the answer."""
CONNECT_SECONDS_MAX = 3.0
ADDRESSES_MAX = 3
"""How many of a name's addresses are tried, one after the other, until one takes the connection."""
ANSWER_BYTES_MAX = 4_096
"""What is read, and thrown away, of an answer's body, so that the receiver need not see a broken connection."""
RESOLVING_MAX = 80
"""Names that are looked up at once: a name server that is slow holds up only those who need it."""

Resolve = Callable[[str, int], Awaitable[Sequence[Address]]]
"""Looks a name up. Raises `OSError`."""


class Sender:
    """Made once in each process; what it needs is made when the first message is sent."""

    def __init__(
        self,
        networks: Networks,
        resolve: Resolve | None = None,
        verify: ssl.SSLContext | None = None,
        seconds_max: float = SECONDS_MAX,
    ) -> None:
        self._networks = networks
        self._threads = ThreadPoolExecutor(RESOLVING_MAX, thread_name_prefix="webhook-names")
        self._resolve = resolve or self._look_up
        self._verify = verify
        self._seconds_max = seconds_max
        self._client: httpx.AsyncClient | None = None

    async def send(self, url: str, headers: Mapping[str, str], body: bytes) -> Attempt:
        """Send it once. Whatever goes wrong is in the answer."""
        try:
            async with asyncio.timeout(self._seconds_max):
                return await self._send(httpx.URL(url), headers, body)
        except (TimeoutError, httpx.TimeoutException):
            return Attempt(failure=Failure.TIMEOUT)
        except (httpx.HTTPError, httpx.InvalidURL, OSError) as error:
            return Attempt(failure=Failure.TLS if _is_of_tls(error) else Failure.CONNECTION)

    async def close(self) -> None:
        """Let go of what it has."""
        self._threads.shutdown(wait=False, cancel_futures=True)
        if self._client is not None:
            await self._client.aclose()

    async def _send(self, url: httpx.URL, headers: Mapping[str, str], body: bytes) -> Attempt:
        try:
            found = await self._addresses(url)
        except (OSError, UnicodeError):
            return Attempt(failure=Failure.NAME)
        allowed = [each for each in found if may_reach(each, self._networks, is_plain=url.scheme == "http")]
        if not allowed:
            return Attempt(failure=Failure.ADDRESS)
        *others, last = allowed[:ADDRESSES_MAX]
        for address in others:
            with suppress(httpx.ConnectError, httpx.ConnectTimeout):
                return await self._post(url, address, headers, body)
        return await self._post(url, last, headers, body)

    async def _addresses(self, url: httpx.URL) -> Sequence[Address]:
        """Where a host is, asked once: what is connected to is what was looked at."""
        literal = literal_address(_host(url))
        if literal is not None:
            return [literal]
        return await self._resolve(_host(url), url.port or (443 if url.scheme == "https" else 80))

    async def _look_up(self, host: str, port: int) -> Sequence[Address]:
        loop = asyncio.get_running_loop()
        found = await loop.run_in_executor(self._threads, _ask_system, host, port)
        literals = (literal_address(name) for name in found)
        return [address for address in dict.fromkeys(literals) if address is not None]

    async def _post(self, url: httpx.URL, address: Address, headers: Mapping[str, str], body: bytes) -> Attempt:
        """Send to this very address; the certificate must be the name's."""
        client = self._http()
        request = client.build_request(
            "POST",
            url.copy_with(host=str(address)),
            content=body,
            headers={**headers, "Host": url.netloc.decode("ascii")},
            extensions={} if literal_address(_host(url)) else {"sni_hostname": _host(url)},
        )
        answer = await client.send(request, stream=True)
        try:
            with suppress(httpx.HTTPError, TimeoutError):
                await _read_a_little(answer)
            return _judged(answer.status_code)
        finally:
            await answer.aclose()

    def _http(self) -> httpx.AsyncClient:
        if self._client is None:
            self._client = httpx.AsyncClient(
                headers={
                    "Accept": "*/*",
                    "Connection": "close",
                    "Content-Type": "application/json",
                    "User-Agent": f"Holdfast/{__version__}",
                },
                # The certificates of certifi, or those that SSL_CERT_FILE names.
                verify=self._verify or httpx.create_ssl_context(),
                # Connections are known by their address: kept, one could serve another name at the same address.
                limits=httpx.Limits(max_connections=None, max_keepalive_connections=0),
                timeout=httpx.Timeout(self._seconds_max, connect=CONNECT_SECONDS_MAX),
                follow_redirects=False,
                trust_env=False,
            )
        return self._client


def _host(url: httpx.URL) -> str:
    """As DNS has it; `URL.host` would be the name that people read."""
    return url.raw_host.decode("ascii")


def _ask_system(host: str, port: int) -> list[str]:
    return [str(each[4][0]) for each in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)]


async def _read_a_little(answer: httpx.Response) -> None:
    length = 0
    async with asyncio.timeout(1):
        async for part in answer.aiter_raw():
            length += len(part)
            if length > ANSWER_BYTES_MAX:
                return


def _judged(status: int) -> Attempt:
    if httpx.codes.is_success(status):
        return Attempt(status)
    return Attempt(status, Failure.REDIRECT if httpx.codes.is_redirect(status) else Failure.STATUS)


def _is_of_tls(error: BaseException | None) -> bool:
    while error is not None:
        if isinstance(error, ssl.SSLError):
            return True
        error = error.__cause__ or error.__context__
    return False
