"""Every address of a name is checked, at any spelling; foreign addresses are only judged, never used."""

from __future__ import annotations

import threading

import pytest

from sandbox.outside.addresses import Names, address_problem, system_resolver
from sandbox.outside.decide import host_name
from sandbox.outside.desk import NotGranted

REFUSED = [
    *(
        "127.0.0.1",
        "127.8.9.10",
        "0.0.0.0",  # noqa: S104 - judged, never bound
        "10.0.0.1",
        "172.16.0.1",
        "172.31.255.255",
        "192.168.1.1",
        "169.254.1.1",
    ),
    *("169.254.169.254", "100.64.0.1", "100.100.100.200", "192.0.0.192", "192.0.2.1", "198.18.0.1", "198.51.100.1"),
    *("203.0.113.9", "224.0.0.1", "240.0.0.1", "255.255.255.255", "168.63.129.16"),
    *("::", "::1", "fe80::1", "fe80::1%eth0", "fc00::1", "fd00:ec2::254", "fec0::1", "ff02::1", "2001:db8::1"),
    *("::ffff:127.0.0.1", "::ffff:169.254.169.254", "::ffff:10.0.0.1", "::ffff:7f00:1", "::127.0.0.1", "::7f00:1"),
    *(
        "64:ff9b::7f00:1",
        "64:ff9b::169.254.169.254",
        "64:ff9b::a00:1",
        "64:ff9b:1::1",
        "2002:7f00:1::",
        "2002:a00:1::1",
    ),
    *("2001:0:4136:e378:8000:63bf:3fff:fdd2", "2a00:1450::5efe:7f00:1", "2a00:1450::200:5efe:a00:1"),
    *("3fff::1", "192.88.99.1", "8.8.8.8%eth0"),
    *("not-an-address", "2130706433", "0x7f.1", ""),
]
ALLOWED = [
    "93.184.216.34",
    "1.1.1.1",
    "8.8.8.8",
    "2606:4700:4700::1111",
    "2a00:1450:4001:80b::200e",
    "64:ff9b::101:101",
]


@pytest.mark.parametrize("address", REFUSED)
def test_it_is_not_public(address):
    assert address_problem(address)


@pytest.mark.parametrize("address", ALLOWED)
def test_it_is_public(address):
    assert address_problem(address) == ""


def decide(addresses, addressable=()):
    names = Names(resolver=lambda *_: addresses, addressable=frozenset(addressable))
    return names.resolve("x.example.org", 443, timeout_s=5)


def test_one_bad_address_among_good_ones_is_enough():
    with pytest.raises(NotGranted) as caught:
        decide(["93.184.216.34", "127.0.0.1"])
    assert caught.value.refused.capability == "address:127.0.0.1"
    assert decide(["93.184.216.34"]) == ["93.184.216.34"]


def test_only_the_exact_address_is_made_addressable():
    assert decide(["127.0.0.1"], {"127.0.0.1"}) == ["127.0.0.1"]
    for other in ("127.0.0.2", "::ffff:127.0.0.1"):
        with pytest.raises(NotGranted):
            decide([other], {"127.0.0.1"})


def test_no_address_and_no_answer_are_failures():
    with pytest.raises(ConnectionError):
        decide([])
    released = threading.Event()
    with pytest.raises(TimeoutError):
        Names(resolver=lambda *_: [released.wait(30), "1.1.1.1"]).resolve("x.org", 1, timeout_s=0.05)
    released.set()


def test_who_gives_up_waiting_leaves_so_many_threads_behind_and_no_more():
    released, asked = threading.Event(), []

    def slow(host, _port):
        asked.append(host)
        released.wait(30)
        return ["1.1.1.1"]

    names = Names(resolver=slow)
    for _ in range(20):
        with pytest.raises(TimeoutError):
            names.resolve("x.org", 1, timeout_s=0.001)
    assert len(asked) == 8
    released.set()
    for _ in range(8):
        assert names.slots.acquire(timeout=30)
    for _ in range(8):
        names.slots.release()
    assert names.resolve("x.org", 1, timeout_s=30) == ["1.1.1.1"]


def test_the_system_resolver_spells_addresses_out():
    assert system_resolver("2130706433", 80) == ["127.0.0.1"]
    assert address_problem(system_resolver("0x7f.1", 80)[0])


@pytest.mark.parametrize(
    "name", ["2130706433", "0x7f000001", "0x7f.1", "127.1", "017700000001", "a..b", "-a.org", "a b", ""]
)
def test_numbers_and_odd_spellings_are_no_host_names(name):
    with pytest.raises(ValueError, match="not a host name"):
        host_name(name)


def test_host_names_have_one_spelling():
    assert host_name("API.Example.org.") == "api.example.org"
    assert host_name("bücher.example") == "xn--bcher-kva.example"
    assert host_name("[::1]") == host_name("0:0:0:0:0:0:0:1") == "::1"
