"""Keeping requests to user-given addresses out of our own network, checked at the moment of connecting."""

import asyncio
import ipaddress
import socket
from collections.abc import Awaitable, Callable, Sequence

import httpx2

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Resolve = Callable[[str, int], Awaitable[Sequence[str]]]
_CLOUDS = frozenset(
    map(
        ipaddress.ip_address,
        ("169.254.169.254", "168.63.129.16", "192.0.0.192", "100.100.100.200", "fd00:ec2::254", "fd20:ce::254"),
    )
)
"""Where clouds (AWS, Azure, Oracle, Alibaba, Google) tell a machine about itself, its credentials included."""
_NAT64 = ipaddress.IPv6Network("64:ff9b::/96")


class RefusedAddress(Exception):
    """The address may not be called; the text says why and shows the host at most."""


async def resolve(host: str, port: int) -> list[str]:
    """All addresses of a host, as the machine sees it. Raises OSError."""
    found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(entry[4][0]) for entry in found))


class GuardedTransport(httpx2.AsyncBaseTransport):
    """Looks a host up, checks every address and connects to just the checked one, under the host's name.

    A name that changes its address between check and connection gains nothing. Hosts in `allow` may be plain http
    and stand inside the network; link-local addresses and clouds' metadata stay forbidden for them too.
    """

    def __init__(
        self, inner: httpx2.AsyncBaseTransport, *, allow: Sequence[str] = (), look_up: Resolve = resolve
    ) -> None:
        self._inner = inner
        self._allow = frozenset(host.lower().rstrip(".") for host in allow)
        self._look_up = look_up

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        """Send to a checked address. Raises RefusedAddress, or what the inner transport raises."""
        host = request.url.host
        inside = host.lower().rstrip(".") in self._allow
        if request.url.scheme != "https" and not (inside and request.url.scheme == "http"):
            raise RefusedAddress("only https addresses are called")
        addresses = await self._addresses(request, host)
        for address in addresses:
            _check(address, inside=inside)
        return await self._send(request, addresses)

    async def _addresses(self, request: httpx2.Request, host: str) -> list[Address]:
        port = request.url.port or (443 if request.url.scheme == "https" else 80)
        try:
            found = await self._look_up(host, port)
        except (OSError, UnicodeError) as error:
            raise httpx2.ConnectError("the host's name is not known", request=request) from error
        if not found:
            raise httpx2.ConnectError("the host has no address", request=request)
        return [ipaddress.ip_address(address.partition("%")[0]) for address in found]

    async def _send(self, request: httpx2.Request, addresses: Sequence[Address]) -> httpx2.Response:
        """Try the addresses in turn until one takes the connection."""
        for number, address in enumerate(addresses, start=1):
            try:
                return await self._inner.handle_async_request(_directed(request, address))
            except (httpx2.ConnectError, httpx2.ConnectTimeout):
                if number == len(addresses):
                    raise
        raise httpx2.ConnectError("the host has no address", request=request)

    async def aclose(self) -> None:
        """Give connections back."""
        await self._inner.aclose()


def _directed(request: httpx2.Request, address: Address) -> httpx2.Request:
    """The same request, to this address, under the name that was asked for."""
    return httpx2.Request(
        request.method,
        request.url.copy_with(host=str(address)),
        headers=request.headers,
        stream=request.stream,
        extensions={**request.extensions, "sni_hostname": request.url.host},
    )


def _check(address: Address, *, inside: bool) -> None:
    plain = _unwrapped(address)
    if plain in _CLOUDS or plain.is_link_local or plain.is_multicast or plain.is_unspecified:
        raise RefusedAddress("its host stands at an address that is never called (link-local, metadata, multicast)")
    if not inside and (not plain.is_global or plain.is_reserved or _is_site_local(plain)):
        raise RefusedAddress("its host stands inside a private network; allow it by name if that is meant")


def _is_site_local(address: Address) -> bool:
    """fec0::/10, the private addresses of IPv6 before there were others."""
    return isinstance(address, ipaddress.IPv6Address) and address.is_site_local


def _unwrapped(address: Address) -> Address:
    """The IPv4 address that an IPv6 address carries (mapped, 6to4, Teredo, NAT64), or the address itself."""
    if isinstance(address, ipaddress.IPv4Address):
        return address
    if address.ipv4_mapped is not None:
        return address.ipv4_mapped
    if address.sixtofour is not None:
        return address.sixtofour
    if address.teredo is not None:
        return address.teredo[1]
    if address in _NAT64 or (int(address) >> 32 == 0 and int(address) > 1):
        return ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
    return address
