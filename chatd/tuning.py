"""Changing values while the server runs: by hand, or by reading the configuration again. All of a change is done in
one synchronous step, or none of it, with a sentence.

What was set by hand stands above command line, environment and file, until it is reset or the server restarts.
"""

import logging
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from .bounds import Bound
from .chat import Chat
from .config import CHOICES, ConfigError, Configuration, changes
from .limits import bounds
from .ops import listing
from .ops.files import DoesNotFitError, check_fit
from .ops.wire import Object, RefusedError, number
from .protocol.waiting import count

BY_HAND = "chatctl"  # the origin of such a value


class Tuning:
    """`configuration` is what the server was started with, `load` reads it anew (ConfigError); `files` is how many the
    process may open; `apply` has changed values felt."""

    def __init__(
        self,
        chat: Chat,
        apply: Callable[[], None],
        configuration: Configuration,
        load: Callable[[], Configuration],
        files: int,
    ) -> None:
        self._chat = chat
        self._apply = apply
        self._load = load
        self._files = files
        self._loaded = replace(configuration.limits)  # as command line, environment and file have it
        self._origins = dict(configuration.origins)
        self._by_hand: set[str] = set()

    def origin(self, bound: Bound) -> str:
        """Where the value in force came from."""
        return BY_HAND if bound.key in self._by_hand else listing.origin(bound, self._origins)

    def set(self, bound: Bound, written: str) -> Object:
        """Give a bound a value by hand. The values before and after, and what follows. Raises RefusedError."""
        _refuse_fixed(bound)
        try:
            value = bound.parse(written)
        except ValueError as error:
            raise RefusedError(f"{bound.key}: {error}") from None
        report = self._change("set", bound, value)
        self._by_hand.add(bound.key)
        return report

    def reset(self, bound: Bound) -> Object:
        """Give a bound the value back that command line, environment and file have for it. Raises RefusedError."""
        _refuse_fixed(bound)
        report = self._change("reset", bound, getattr(self._loaded, bound.name))
        self._by_hand.discard(bound.key)
        return report

    def _change(self, event: str, bound: Bound, value: float | None) -> Object:
        limits = self._chat.limits
        self._check({bound.name: value})
        old = limits.value(bound)
        follows = self._put_in_force({bound.name: value})
        new = limits.value(bound)
        self._chat.journal.note(event, name=bound.key, old=old, new=new)
        done = f"{bound.key}: {bound.show(old)} -> {bound.show(new)}"
        return {"done": done, "name": bound.key, "old": number(old), "new": number(new), "follows": follows}

    def reload(self) -> Object:
        """Read the configuration again. What has changed, what was kept as it was set by hand, and what needs a
        restart. Raises RefusedError if anything in it is wrong, or does not fit."""
        try:
            new = self._load()
            values = {
                bound.name: getattr(new.limits, bound.name)
                for bound in bounds()
                if bound.live and bound.key not in self._by_hand
            }
            self._check(values)
        except (ConfigError, DoesNotFitError, RefusedError) as error:
            self._chat.journal.note("reload", "refused", level=logging.WARNING, why=str(error))
            raise RefusedError(f"nothing was changed: {error}") from None
        changed = self._changed_bounds(values) + self._take_settings(new)
        kept = [key for key in sorted(self._by_hand) if not self._is_in_force(new, key)]
        restart = [bound.key for bound in bounds() if not bound.live and not self._is_in_force(new, bound.key)]
        restart += changes(self._running, new)[1]
        self._loaded = replace(new.limits)
        still = {key: self._origins[key] for key in restart if key in self._origins}
        self._origins = {key: where for key, where in new.origins.items() if key not in restart} | still
        follows = self._put_in_force(values)
        shown = ", ".join(f"{each['name']} {each['old']} -> {each['new']}" for each in changed)
        self._chat.journal.note("reload", changed=shown, kept=", ".join(kept), restart=", ".join(restart))
        return {"done": "the configuration was read again", "changed": changed, "kept": kept, "restart": restart,
                "follows": follows}  # fmt: skip

    @property
    def _running(self) -> Configuration:
        return Configuration(self._chat.limits, self._chat.settings, self._origins)

    def _is_in_force(self, new: Configuration, key: str) -> bool:
        name = key.replace("-", "_")
        return bool(getattr(new.limits, name) == getattr(self._chat.limits, name))

    def _changed_bounds(self, values: Mapping[str, Any]) -> list[Object]:
        old, new = self._chat.limits, replace(self._chat.limits, **values)
        return [
            {"name": bound.key, "old": bound.show(old.value(bound)), "new": bound.show(new.value(bound))}
            for bound in bounds()
            if getattr(old, bound.name) != getattr(new, bound.name)
        ]

    def _take_settings(self, new: Configuration) -> list[Object]:
        """Put those settings in force that may change. What has changed."""
        settings, changed = self._chat.settings, []
        live, _ = changes(self._running, new)
        for choice in CHOICES:
            if choice.key in live:
                name = choice.field or choice.name
                old, value = getattr(settings, name), getattr(new.settings, name)
                setattr(settings, name, value)
                changed.append({"name": choice.key, "old": _shown(old), "new": _shown(value)})
        return changed

    def _check(self, values: Mapping[str, Any]) -> None:
        """Refuse what could not have been started with."""
        refuse_while_draining(self._chat)
        try:
            check_fit(replace(self._chat.limits, **values), self._files)
        except DoesNotFitError as error:
            raise RefusedError(str(error)) from None

    def _put_in_force(self, values: Mapping[str, Any]) -> list[str]:
        """Have the values felt. Sentences that say what came of it."""
        chat, limits, pool = self._chat, self._chat.limits, self._chat.pool
        before, per_host = replace(limits), limits.per_host
        admitted = pool.statistics.admitted
        for name, value in values.items():
            setattr(limits, name, value)
        self._apply()
        follows = []
        if seated := pool.statistics.admitted - admitted:
            follows.append(f"{count(seated, 'was', 'were')} seated from the line")
        elif pool.paused and pool.waiting and limits.max_clients > before.max_clients:
            follows.append("nobody was seated, as admissions are paused")
        if limits.max_per_host is None and limits.per_host != per_host:
            follows.append(f"max-per-host is now {limits.per_host:,}")
        for bound in bounds():
            used = chat.usage.in_use(bound)
            if used is not None and used > limits.value(bound) and limits.value(bound) < before.value(bound):
                follows.append(f"{bound.key}: {used:,} are in use and stay; the bound counts from the next one on")
        return follows


def refuse_while_draining(chat: Chat) -> None:
    """Its listeners are closed by then: there is nothing left to change."""
    if chat.pool.draining:
        raise RefusedError("the server is draining, and nothing is changed any more")


def _refuse_fixed(bound: Bound) -> None:
    if not bound.live:
        raise RefusedError(f"{bound.key} needs a restart: write it into the file or onto the command line")


def _shown(value: Any) -> str:
    """A setting as a report may show it."""
    match value:
        case bytes():
            return "set" if value else "none"  # a password is nobody's to read
        case list():
            return count(len(value), "line", "lines")
        case _:
            return ", ".join(map(str, value)) or "none"
