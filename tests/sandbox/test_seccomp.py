"""The filter, run by an interpreter of its instructions: both architectures are judged without running on them."""

from __future__ import annotations

import errno
import struct

import pytest

from sandbox import seccomp
from sandbox.seccomp import ALLOW, ARCHITECTURES, KILL, build

ERRNO = 0x00050000


def run(program, number, arguments=(), *, audit):
    """Decode and run a classic BPF program on one system call, as the kernel would."""
    padded = (*arguments, *[0] * (6 - len(arguments)))
    data = struct.pack("<IIQ6Q", number, audit, 0, *(value & (1 << 64) - 1 for value in padded))
    lines = list(struct.iter_unpack("=HBBI", program))
    at = accumulator = 0
    while True:
        code, yes, no, constant = lines[at]
        at += 1
        match code:
            case 0x20:
                (accumulator,) = struct.unpack_from("<I", data, constant)
            case 0x15:
                at += yes if accumulator == constant else no
            case 0x35:
                at += yes if accumulator >= constant else no
            case 0x45:
                at += yes if accumulator & constant else no
            case 0x06:
                return constant
            case _:
                pytest.fail(f"unknown instruction {code:#x}")


@pytest.fixture(params=ARCHITECTURES)
def judge(request):
    architecture = ARCHITECTURES[request.param]

    def judge_call(name, *arguments, processes=False):
        program = build(architecture, processes=processes)
        return run(program, architecture.numbers[name], arguments, audit=architecture.audit)

    return judge_call


@pytest.mark.parametrize("name", ["read", "write", "openat", "mmap", "getrandom", "exit_group", "eventfd2", "sendto"])
def test_ordinary_calls_are_allowed(judge, name):
    assert judge(name) == ALLOW


@pytest.mark.parametrize(
    ("name", "good", "bad"),
    [
        ("ioctl", (0, 0x5401), (0, 0x5412)),
        ("ioctl", (0, 0x5421), (0, 0x541C)),
        ("sendto", (3, 0, 0, 0x4040), (3, 0, 0, 0x4041)),  # MSG_OOB
        ("sendto", (3, 0, 0, 0), (3, 0, 0, 0x04000000)),  # MSG_ZEROCOPY
        ("recvfrom", (3, 0, 0, 0x40), (3, 0, 0, 1)),
        ("madvise", (0, 0, 4), (0, 0, 3)),  # MADV_WILLNEED
        ("madvise", (0, 0, 8), (0, 0, 12)),  # MADV_MERGEABLE
        ("madvise", (0, 0, 102), (0, 0, 21)),  # MADV_PAGEOUT
        ("madvise", (0, 0, 0), (0, 0, 20)),  # MADV_COLD
        ("madvise", (0, 0, 1), (0, 0, 25)),  # MADV_COLLAPSE
        ("prctl", (15,), (22,)),
        ("fcntl", (0, 0), (0, 1024)),
        ("fcntl", (0, 4), (0, 1026)),
        ("fcntl", (0, 1030), (0, 1031)),
        ("fcntl", (0, 3), (0, 5)),
        ("prctl", (3,), (1,)),
        ("prlimit64", (0, 7, 0), (0, 7, 0x7FFF)),
        ("prlimit64", (0, 7, 0), (0, 7, 1 << 40)),
    ],
)
def test_arguments_decide(judge, name, good, bad):
    assert judge(name, *good) == ALLOW
    assert judge(name, *bad) == ERRNO | errno.EPERM


@pytest.mark.parametrize("command", [6, 7, 37, 38])
def test_a_lock_is_had_without_being_one(judge, command):
    assert judge("fcntl", 3, command) == ERRNO


@pytest.mark.parametrize("operation", [0, 1, 9, 9 | 0x100, 3, 5, 11])
def test_a_futex_is_of_one_process_alone(judge, operation):
    assert judge("futex", 0, operation | 0x80) == ALLOW
    assert judge("futex", 0, operation) == ERRNO | errno.EAGAIN


@pytest.mark.parametrize("name", ["fadvise64", "fdatasync", "fsync", "msync"])
def test_what_would_be_about_files_of_the_host_is_done_by_doing_nothing(judge, name):
    assert judge(name) == judge(name, processes=True) == ERRNO


def test_processes_and_threads_need_their_limit(judge):
    assert judge("clone", 17) == ERRNO | errno.EAGAIN
    assert judge("clone", 17, processes=True) == ALLOW


@pytest.mark.parametrize("bit", [7, 12 + 1, 17, 23, 25, 26, 27, 28, 29, 30])
def test_no_clone_makes_a_namespace_or_a_tracer(judge, bit):
    flag = 1 << bit
    expected = ERRNO | errno.EPERM
    assert judge("clone", 17 | flag, processes=True) == expected


@pytest.mark.parametrize("name", ["clone3", "preadv2", "pwritev2"])
def test_python_is_sent_to_the_call_that_can_be_judged(judge, name):
    assert judge(name) == judge(name, processes=True) == ERRNO | errno.ENOSYS


# Numbers as the kernel's headers give them: x86_64, aarch64.
DANGEROUS = {
    "execve": (59, 221),
    "execveat": (322, 281),
    "ptrace": (101, 117),
    "socket": (41, 198),
    "connect": (42, 203),
    "bind": (49, 200),
    "listen": (50, 201),
    "accept": (43, 202),
    "mount": (165, 40),
    "umount2": (166, 39),
    "pivot_root": (155, 41),
    "chroot": (161, 51),
    "unshare": (272, 97),
    "setns": (308, 268),
    "bpf": (321, 280),
    "perf_event_open": (298, 241),
    "userfaultfd": (323, 282),
    "io_uring_setup": (425, 425),
    "keyctl": (250, 219),
    "init_module": (175, 105),
    "kexec_load": (246, 104),
    "process_vm_readv": (310, 270),
    "process_vm_writev": (311, 271),
    "pidfd_open": (434, 434),
    "pidfd_getfd": (438, 438),
    "memfd_create": (319, 279),
    "open_by_handle_at": (304, 265),
    "mknodat": (259, 33),
    "setuid": (105, 146),
    "setgroups": (116, 159),
    "capset": (126, 91),
    "seccomp": (317, 277),
    "landlock_restrict_self": (446, 446),
    "open_tree": (428, 428),
    "move_mount": (429, 429),
    "fsopen": (430, 430),
    "mount_setattr": (442, 442),
    "sethostname": (170, 161),
    "reboot": (169, 142),
    "syslog": (103, 116),
    "personality": (135, 92),
    "shmget": (29, 194),
    "msgget": (68, 186),
    "mq_open": (240, 180),
    "sched_setscheduler": (144, 119),
    "setpriority": (141, 140),
    "ioprio_set": (251, 30),
    "add_key": (248, 217),
    "quotactl": (179, 60),
    "swapon": (167, 224),
    "acct": (163, 89),
    "settimeofday": (170 - 6, 170),
    "clock_settime": (227, 112),
    "vmsplice": (278, 75),
    "splice": (275, 76),
    "fanotify_init": (300, 262),
    "kcmp": (312, 272),
    "mincore": (27, 232),
    "sendmsg": (46, 211),
    "recvmsg": (47, 212),
    "sendmmsg": (307, 269),
    "sysinfo": (99, 179),
    "epoll_create1": (291, 20),
    "epoll_ctl": (233, 21),
    "epoll_pwait": (281, 22),
    "epoll_pwait2": (441, 441),
    "pipe2": (293, 59),
    "socketpair": (53, 199),
    "sendfile": (40, 71),
    "copy_file_range": (326, 285),
    "tee": (276, 77),
    "getsockopt": (55, 209),
    "setsockopt": (54, 208),
    "getsockname": (51, 204),
    "getpeername": (52, 205),
    "shutdown": (48, 210),
    "statfs": (137, 43),
    "fstatfs": (138, 44),
    "readahead": (187, 213),
    "sync_file_range": (277, 84),
    "sync": (162, 81),
    "syncfs": (306, 267),
    "cachestat": (451, 451),
    "process_madvise": (440, 440),
    "futex_waitv": (449, 449),
    "futex_wake": (454, 454),
    "futex_wait": (455, 455),
    "futex_requeue": (456, 456),
    "signalfd4": (289, 74),
    "timerfd_create": (283, 85),
    "inotify_init1": (294, 26),
}


@pytest.mark.parametrize("name", DANGEROUS)
@pytest.mark.parametrize("processes", [False, True])
def test_what_reaches_outside_is_refused_on_both_architectures(name, processes):
    for architecture, number in zip(ARCHITECTURES.values(), DANGEROUS[name], strict=True):
        program = build(architecture, processes=processes)
        assert run(program, number, audit=architecture.audit) == ERRNO | errno.EPERM


@pytest.mark.parametrize("name", ARCHITECTURES)
def test_everything_that_is_not_listed_is_refused(name):
    architecture = ARCHITECTURES[name]
    program = build(architecture, processes=True)
    listed = set(architecture.numbers.values())
    for number in range(1024):
        if number not in listed:
            assert run(program, number, audit=architecture.audit) == ERRNO | errno.EPERM


def test_calls_of_a_foreign_architecture_are_killed():
    intel, arm = ARCHITECTURES["x86_64"], ARCHITECTURES["aarch64"]
    program = build(intel, processes=False)
    assert run(program, 0, audit=arm.audit) == KILL
    assert run(program, 11, audit=0x40000003) == KILL  # execve of 32-bit x86 is munmap's number here
    assert run(program, 0x40000000 | 59, audit=intel.audit) == KILL


def test_the_tables_name_each_call_once():
    for architecture in ARCHITECTURES.values():
        assert len(set(architecture.numbers.values())) == len(architecture.numbers)


@pytest.mark.parametrize("processes", [False, True])
@pytest.mark.parametrize("architecture", ARCHITECTURES.values(), ids=ARCHITECTURES)
def test_the_search_gives_every_number_the_answer_that_the_table_has_for_it(architecture, processes):
    program = build(architecture, processes=processes)
    listed = {number: name for name, number in architecture.numbers.items()}
    for number in range(600):
        answer = run(program, number, audit=architecture.audit)
        if number not in listed:
            assert answer == ERRNO | errno.EPERM
        elif listed[number] not in seccomp._judged(processes=processes):
            expected = (seccomp._ANSWERS if processes else {**seccomp._ANSWERS, **seccomp._ALONE}).get(listed[number])
            assert answer == (ALLOW if expected is None else ERRNO | expected)
