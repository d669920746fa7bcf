"""The host's end of one worker: start it, hold one conversation at a time, end it, and say how it ended."""

from __future__ import annotations

import base64
import contextlib
import select
import signal
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Final

from sandbox import replies, values
from sandbox.beside import Beside, answered, is_slow
from sandbox.body import Body, End, ended
from sandbox.cgroups import CpuGroup, MemoryGroup
from sandbox.conversation import TICK_S, Call, Ended
from sandbox.errors import ProtocolError
from sandbox.family import Family
from sandbox.footprint import Footprint
from sandbox.limits import Limits
from sandbox.monitor import Curve, Monitor
from sandbox.outcome import Corrupted, Crashed, Denied, LimitExceeded, Outcome, TimedOut, Usage, brief_usage
from sandbox.outside.base import Answer, Ask, Exceeded, Failed, Given, Outside, Refused
from sandbox.protocol import (
    Channel,
    Closed,
    Frame,
    Message,
    Request,
    TooLarge,
    TooLate,
    message_of,
    pack_message,
)
from sandbox.throttle import Throttle

_MB: Final = 1 << 20
_DYING_MS: Final = 200
_BRIEF_S: Final = 0.005
_BRIEF_BYTES: Final = 4096  # which are read in no time
_FOOTPRINT_S: Final = 0.02
# For how long a worker of several processes is looked at again once it has been stopped.
_WATCHED_S: Final = 1.0
# How long brief calls may have taken together since it was last read how long the worker had waited for a core.
_UNSEEN_S: Final = 0.001
# Frames around a value, and asks, which carry data of their own.
_FRAME_ROOM: Final = 1 << 16
_ASK_FRAME: Final = 1 << 20


class Link:
    """One live worker. Its session gives it to one caller at a time; only `rest` may come from another thread."""

    def __init__(self, channel: Channel, body: Body, limits: Limits, *, many: bool = False) -> None:
        """Take over a worker that is isolated and has loaded nothing yet; `many` when it is several processes."""
        self.lost_server = self.unheard = False
        self.asks = 0
        self._limits, self._channel, self._body = limits, channel, body
        most = max(limits.processes, 2) if many else limits.processes
        self._family = Family(body.pid, body.pidfd, most=most)
        self._end: End | None = None
        self.ended = False
        self._resting = False
        self.watched = False
        self._last_used = self._queued_s = self._unseen_s = self._again_s = 0.0
        self._begun = ""
        self._disk = 0
        self._output_limit = limits.output_kb * 1024
        self._in_use = threading.Lock()
        channel.bound_reads()
        self._death = select.poll()
        self._death.register(body.pidfd, select.POLLIN)
        self._monitor = Monitor(body.pid, body.output, many=self._family.many)
        self._baseline = self._monitor.read().memory
        # One process is bounded by its address space; joining a group would cost more than the rest of its start.
        self._group = MemoryGroup.create(limits.memory_mb, body.pid) if limits.processes > 1 else None
        self._quota: CpuGroup | None = None
        self._beside: Beside | None = None

    @property
    def alive(self) -> bool:
        """Tell whether the worker still runs."""
        return not self.ended and not self._death.poll(0)

    def rest(self, unused_s: float = 0.0) -> float:
        """Stop the worker until the next call, so that one which only pretends to have finished uses nothing.

        Only once it has been unused for a while; returns after how many seconds to come again, 0 when that is never.
        """
        if not self._in_use.acquire(blocking=False):
            return unused_s
        try:
            left = self._last_used + unused_s - time.monotonic()
            if left > 0 and not self.ended:
                return left
            self._still(unused_s)
            self.watched = 0 < self._again_s <= _WATCHED_S
            return self._again_s if self.watched else 0
        finally:
            self._in_use.release()

    def _still(self, unused_s: float) -> None:
        """Stop it; what may have several processes again and again, at longer and longer intervals."""
        if self.ended:
            self._again_s = 0.0
            return
        if not self._resting:
            self._resting, self._again_s = True, unused_s if self._family.many else 0.0
        elif self._family.many:
            self._again_s *= 2
        self._family.stop()
        if self._family.runaway:
            self._close()

    def begun(self, name: str, resident: int) -> None:
        """Take note of a first request that was sent with the setup: its id, and what the worker used before it."""
        self._begun, self._baseline = name, resident

    def footprint(self) -> Footprint:
        """Return what the worker uses now; during a call, what the last look saw, which has no proportional share."""
        monitor = self._monitor
        if not self._in_use.acquire(timeout=_FOOTPRINT_S):
            seen = monitor.last
            return Footprint(cpu_s=seen.cpu_s, memory=seen.memory, peak=seen.peak, disk=self._disk)
        try:
            if self.ended:
                return Footprint()
            now, proportional, self._disk = monitor.read(), monitor.proportional_memory(), monitor.disk()
            return Footprint(
                cpu_s=now.cpu_s, memory=now.memory, proportional=proportional, peak=now.peak, disk=self._disk
            )
        finally:
            self._in_use.release()

    def converse(
        self, request: Request, *, wall_s: float, outside: Outside, on_note: Callable[[object], None] | None = None
    ) -> Outcome:
        """Send one request and see it through; whatever ends badly also ends the worker."""
        with self._in_use:
            if self.ended:  # while it rested
                self.unheard = True
                return Crashed(report="the worker had been ended", request=replies.request_name(request))
            if self._unseen_s > _UNSEEN_S:
                self._queued_s, self._unseen_s = self._monitor.queued(), 0.0
            # It has stood still since it was last looked at, or was charged less than can be seen.
            call = Call(time.monotonic(), wall_s, self._monitor.last.cpu_s, self._queued_s, outside, on_note)
            try:
                return self._attend(call, request)
            except Ended as end:
                return self._killed(end.verdict, call)
            except TooLate:
                return self._killed(TimedOut(limit_s=wall_s), call)
            except TooLarge as problem:
                return self._killed(LimitExceeded(limit="output_kb", message=str(problem)), call)
            except Closed:
                return self._died(call, replies.request_name(request))
            except ProtocolError as problem:
                return self._killed(Corrupted(reason=str(problem)), call)
            except BaseException:  # an interrupt, or an error of a callback: the conversation cannot be taken up again
                self._close()
                raise

    def _attend(self, call: Call, request: Request) -> Outcome:
        if self._resting:
            self._resting = False
            self._family.resume()
        channel = self._channel
        channel.received = 0
        if self._begun:
            call.id, self._begun = self._begun, ""
        else:
            self._request(call, request)
        while True:
            frame = channel.poll(call.next_look)
            now = time.monotonic()
            if now >= call.next_look:
                self._watch(call, now)
            if frame is None:
                continue
            kind, body = message_of(frame, call.id)
            if kind == "ask":
                self._answer(call, body)
                continue
            call.output += channel.received
            channel.received = 0
            if call.output > self._output_limit + _FRAME_ROOM:
                raise TooLarge(f"more than {self._limits.output_kb} KB returned")
            if kind != "note":
                return self._result(call, kind, body, now - call.began)
            if call.on_note is None:
                raise ProtocolError("a note that nobody asked for")
            call.on_note(replies.value_of(body))

    def _request(self, call: Call, request: Request) -> None:
        try:
            self._channel.send_packed(pack_message(call.id, request), call.deadline)
        except Closed:
            self.unheard = True  # looking whether it lives before each request would take longer than the request
            raise

    def _watch(self, call: Call, now: float) -> float:
        """Look at the worker if it is time, and return when to do so again; raise `Ended` if it has to be."""
        if now >= call.next_look:
            verdict = self._look(call, now)
            if verdict is not None:
                raise Ended(verdict)
        return call.next_look

    def _look(self, call: Call, now: float) -> Outcome | None:
        """Measure from outside; return what the worker has to be ended for."""
        if now >= call.deadline:
            return TimedOut(limit_s=call.wall_s)
        monitor, limits = self._monitor, self._limits
        reading, self._disk = monitor.read(), monitor.disk()
        call.curve = call.curve or Curve()
        call.curve.add(now - call.began, reading.cpu_s - call.cpu_before, reading.memory)
        if reading.cpu_s - call.cpu_before > limits.cpu_s:
            return LimitExceeded(limit="cpu_s", message=f"more than {limits.cpu_s} s of CPU")
        if reading.memory - self._baseline + self._disk > limits.memory_mb * _MB:
            return LimitExceeded(limit="memory_mb", message=f"more than {limits.memory_mb} MB with its files")
        if monitor.printed() + call.output > limits.output_kb * 1024:
            return LimitExceeded(limit="output_kb", message=f"more than {limits.output_kb} KB printed and returned")
        if limits.cpu_percent < 100:
            call.next_look = min(self._share(call, reading.cpu_s, now), call.deadline)
        else:
            call.next_look = min(now + TICK_S, call.deadline)
        if self._family.runaway:
            return LimitExceeded(
                limit="processes", message="its processes start others faster than they can be stopped"
            )
        return None

    def _share(self, call: Call, cpu_s: float, now: float) -> float:
        """Keep the worker to its share of a core; return when to look again."""
        if call.throttle is None:
            self._quota = self._quota or self._quota_group()
            brake = self._quota.brake(self._limits.cpu_percent) if self._quota is not None else self._family
            call.throttle = Throttle(self._limits.cpu_percent, call.cpu_before, call.began, brake)
        return call.throttle.step(cpu_s, now)

    def _quota_group(self) -> CpuGroup | None:
        self._family.stop()  # none of them starts another while they are moved
        try:
            return CpuGroup.create(self._body.pid, beside=self._group)
        finally:
            self._family.resume()

    def _answer(self, call: Call, body: object) -> None:
        """Answer an ask, and look at the worker meanwhile: it need not wait for the answer, nor ever take it."""
        call.asks += 1
        self._channel.received = 0
        reply: Message
        match self._answered(call, replies.ask_of(body)):
            case Given(value=value):
                reply = "given", values.encode(value)
            case Failed(kind=kind, message=message):
                reply = "failed", [kind, message]
            case Refused() as refused:
                call.refused = call.refused or refused
                reply = "refused", refused.message
            case Exceeded() as exceeded:
                call.exceeded = call.exceeded or exceeded
                reply = "exceeded", exceeded.message
        left = self._channel.push(pack_message(call.id, reply), call.next_look)
        while left:
            self._watch(call, time.monotonic())
            left = self._channel.push(left, call.next_look)

    def _answered(self, call: Call, ask: Ask) -> Answer:
        self._watch(call, time.monotonic())  # reading it may have taken what was left of the time
        if not is_slow(ask):
            return answered(call.outside, ask)
        self._beside = self._beside or Beside()
        return self._beside.answer(call.outside, ask, lambda now: self._watch(call, now))

    def _result(self, call: Call, kind: str, body: object, wall_s: float) -> Outcome:
        if wall_s < _BRIEF_S:
            # The kernel counts CPU in longer ticks than this: it is charged to the next call that is looked at.
            self._unseen_s += wall_s
            usage = brief_usage(wall_s, self._monitor.last.peak / _MB)
        else:
            usage = self._usage(call)
        outcome = replies.outcome_of(kind, body, usage, self._limits)
        if call.output > _BRIEF_BYTES and time.monotonic() > call.deadline:  # reading it took what was left of the time
            return self._killed(TimedOut(limit_s=call.wall_s), call)
        printed = self._monitor.printed()
        if printed:
            if printed + call.output > self._output_limit + _FRAME_ROOM:
                message = f"more than {self._limits.output_kb} KB printed and returned"
                return self._killed(LimitExceeded(limit="output_kb", message=message), call)
            self._monitor.clear_output()
        if call.throttle is not None:
            call.throttle.release()
        self._last_used = call.began + usage.wall_s
        if not call.asks:
            return outcome
        self.asks += call.asks
        return self._over_ruled(call, outcome)

    def _over_ruled(self, call: Call, outcome: Outcome) -> Outcome:
        """A refusal of the host decides, whatever the program made of it."""
        if call.refused is not None:
            return Denied(message=call.refused.message, capability=call.refused.capability, usage=outcome.usage)
        if call.exceeded is not None:
            return LimitExceeded(limit=call.exceeded.limit, message=call.exceeded.message, usage=outcome.usage)
        return outcome

    def _usage(self, call: Call) -> Usage:
        wall = time.monotonic() - call.began
        reading = self._monitor.read()
        self._queued_s, self._unseen_s = reading.queued_s, 0.0
        queued = min(wall, max(0.0, reading.queued_s - call.queued_before))
        cpu, peak = reading.cpu_s, reading.peak
        if self._end is not None:
            cpu, peak = max(cpu, self._end.cpu_s), max(peak, self._end.peak)
        return Usage(wall_s=wall, cpu_s=max(0.0, cpu - call.cpu_before), queued_s=queued, peak_memory_mb=peak / _MB)

    def _killed(self, outcome: Outcome, call: Call) -> Outcome:
        self._stop()
        usage = self._usage(call)
        self._close()
        return self._over_ruled(call, replies.with_usage(outcome, usage))

    def _died(self, call: Call, request: str) -> Outcome:
        """Say how a worker ended that nobody ended."""
        ended(self._body.pidfd, _DYING_MS)  # let one that is dying finish by itself, so that its own signal shows
        self._stop()
        self.asks += call.asks
        usage, report, end = self._usage(call), self._monitor.report(), self._end
        out_of_memory = self._group is not None and self._group.exhausted()
        self._close()
        if out_of_memory:
            message = f"more than {self._limits.memory_mb} MB with its files"
            return self._over_ruled(call, LimitExceeded(limit="memory_mb", message=message, usage=usage))
        curve = call.curve or Curve()
        curve.add(usage.wall_s, usage.cpu_s, usage.peak_memory_mb * _MB)
        known = Crashed(report=report, request=request, curve=curve.samples(), usage=usage)
        if end is None:
            self.lost_server = True
            return replace(known, report="the fork server ended, and the worker with it")
        return self._over_ruled(call, replies.crashed(known, end.status))

    def _stop(self) -> None:
        """Kill the worker and wait for the word of its end."""
        if self._end is None and not self.ended:
            self._signal(signal.SIGKILL)
            self._end = self._body.wait()

    def _signal(self, number: int) -> None:
        with contextlib.suppress(ProcessLookupError):
            signal.pidfd_send_signal(self._body.pidfd, number)

    def close(self) -> None:
        """End the worker and let go of everything."""
        with self._in_use:
            self._close()

    def _close(self) -> None:
        if not self.ended:
            self._stop()
            self.ended = True
            if self._beside is not None:
                self._beside.close()
            self._channel.close()
            self._body.close()
            self._monitor.close()
            self._family.close()
            if self._quota is not None:
                self._quota.close()
            if self._group is not None:
                self._group.close()


def frame_limit(limits: Limits) -> int:
    """Return the largest frame a worker may send under these limits."""
    return max(limits.output_kb * 1024 + _FRAME_ROOM, _ASK_FRAME)


def setup_frame(files: Mapping[str, bytes], folder: str, *, allow_missing_landlock: bool) -> Frame:
    """Return the first frame of a worker: its files, where they go, and what may be missing."""
    texts = {path: base64.b64encode(content).decode() for path, content in files.items()}
    return {"files": texts, "folder": folder, "allow_missing_landlock": allow_missing_landlock}
