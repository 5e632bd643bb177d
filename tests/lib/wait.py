"""Waiting for a condition. Nothing in the tests sleeps to wait: `make lint` finds time.sleep anywhere but here."""

import time

DEADLINE = 60
# Between two looks, s: what comes soon is seen soon, and what takes long is not looked at all the time.
FIRST_PAUSE, LAST_PAUSE, GROWTH = 0.004, 0.05, 1.2


# What a predicate raises where the thing that it looks at is not there yet.
NOT_YET = (FileNotFoundError, LookupError)


def wait_for(predicate, deadline=DEADLINE, what="condition", interval=None):
    """The first true value of predicate(), which is asked again and again until the deadline (s). interval: between two
    looks (s), where that is part of the test."""
    end = time.monotonic() + deadline
    pause = interval or FIRST_PAUSE
    while True:
        missing = None
        try:
            value = predicate()
            if value:
                return value
        except NOT_YET as error:
            missing = error
        if time.monotonic() > end:
            raise TimeoutError(f"no {what} within {deadline} s") from missing
        time.sleep(pause)
        pause = interval or min(pause * GROWTH, LAST_PAUSE)


def wait_still(value, seconds, deadline=DEADLINE, what="change"):
    """Waits until value() has been the same for so many seconds: silence is what is tested then. Returns it."""
    end = time.monotonic() + deadline
    while True:
        before = value()
        time.sleep(seconds)
        if value() == before:
            return before
        if time.monotonic() > end:
            raise TimeoutError(f"{what} goes on after {deadline} s: {before}, then {value()}")


def let_pass(seconds):
    """Time that is part of the test: between two lines of a load, before a kill at any moment, or longer than a delay
    of the product. Never for something to happen meanwhile: that is wait_for."""
    time.sleep(seconds)
