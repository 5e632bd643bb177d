"""logcat over stamps that step: what is shown, and in which order, against a model that reads everything.

The seeds of a longer run: LOGCAT_SEEDS=1000:2000.
"""
import datetime
import os
import random
import subprocess
import zoneinfo

from lib.logcat import BASE, DEADLINE, OVERLOG, cri, environment, service, tai64n, utc
from lib.wait import wait_for

BERLIN = zoneinfo.ZoneInfo("Europe/Berlin")
DST_END = 1792890000  # 2026-10-25T01:00:00Z: 03:00 becomes 02:00
NANO = 10**9
FOREVER = 10**20
BELIEVED = 978307200 * NANO  # 2001: no clock that was set says less
SEEDS = range(*map(int, os.environ.get("LOGCAT_SEEDS", "0:48").split(":")))
STAMPS = "CCCUtTl"  # l: CRI, long lines in pieces


# --- the model ---


def entries(lines, since, until):
    """(time, order, head, stream, message, line number) of each entry; lines: (time, stream, goes on, message).
    head: the number of the entry that it continues, or its own."""
    found, pieces, last, order, head, head_wanted = [], {}, None, None, None, False
    for number, (t, stream, goes_on, text) in enumerate(lines):
        if t is None:
            continues, shown = last is not None, last
        else:
            before = last
            last = t
            indented = text[0] in " \t" and before is not None and 0 <= t - before < NANO
            first, continues, begun = pieces.get(stream, (t, indented, ""))
            if goes_on:
                pieces[stream] = (first, continues, begun + text)
                continue
            pieces.pop(stream, None)
            shown, text = first, begun + text
        continues = continues and len(found) > 0
        wanted = since <= last < until
        with_last = head_wanted if continues else last < BELIEVED
        place = order if with_last and order is not None else last
        if not continues:
            head, head_wanted = len(found), wanted
        if wanted:
            order = place
        found.append((shown, place, head, stream, text, number))
    return found


def model(services, since=0, until=FOREVER):
    """What is shown of services that are [(name, lines)]: (name, message, stream, head), merged."""
    every = []
    for source, (name, lines) in enumerate(services):
        lowest = [t if t and since <= t < until and t >= BELIEVED else FOREVER for t, *_ in lines]
        for i in range(len(lowest) - 1, 0, -1):  # from then on
            lowest[i - 1] = min(lowest[i - 1], lowest[i])
        for t, order, head, stream, message, number in entries(lines, since, until):
            if since <= t < until:
                place = max(since, min([order, until - 1] + lowest[number + 1:number + 2]))
                every.append((place, source, number, (name, message, stream, head)))
    return [e[3] for e in sorted(every, key=lambda e: e[:2])]


def choose(every, word=None, stream=None, context=0, whole=False):
    if stream:
        every = [e for e in every if e[2] == stream]
    if word is None:
        return every
    groups = []
    for e in every:
        if whole and groups and groups[-1][0][::3] == e[::3]:
            groups[-1].append(e)
        else:
            groups.append([e])
    hit = [any(word in e[1] for e in group) for group in groups]
    flat = [(e, h) for group, h in zip(groups, hit) for e in group]
    near = [any(h for _, h in flat[max(0, i - context):i + context + 1]) for i in range(len(flat))]
    return [e for (e, _), n in zip(flat, near) if n]


def backward(every):
    """Newest first, the lines that continue one below it."""
    groups = []
    for e in every:
        if groups and groups[-1][0][::3] == e[::3]:
            groups[-1].append(e)
        else:
            groups.append([e])
    return [e for group in reversed(groups) for e in group]


# --- random directories ---


def steps(r, count):
    """Times of so many lines by a clock that is sometimes wrong."""
    t = r.choice((BASE, DST_END - 7200)) * NANO + r.randrange(NANO)
    odd = r.random() < 0.7
    for _ in range(count):
        t += r.choice((0, 1, 1000, 10**7, NANO, 20 * NANO, 300 * NANO))
        if odd and r.random() < 0.03:
            t += r.choice((-3600, -3600, 3600, -5, 86400, -86400)) * NANO
        shown = t
        if odd and r.random() < 0.01:
            shown = r.choice((t + 70 * 365 * 86400 * NANO, r.randrange(10**6) * NANO, t + 3600 * NANO))
        yield shown


def local(t):
    """The stamp T, and the time that it is read as: of two that are possible, the first."""
    d = datetime.datetime.fromtimestamp(t // NANO, BERLIN)
    read = int(d.replace(fold=0).timestamp())
    return d.strftime("%Y-%m-%d %H:%M:%S") + ".%09d  " % (t % NANO), read * NANO + t % NANO


def lines_of(r, kind, count):
    """[(text, (time, stream, goes on, message))]"""
    made = []
    wide = "." * r.choice((0, 0, 0, 900, 3000))  # several members of an archive, several reads of current
    for i, t in enumerate(steps(r, count)):
        message = r.choice(("", "", "", "  ", "\t")) + f"{r.choice(('error', 'fine', 'warning'))} {i}" + wide
        stream = r.choice(("stdout", "stdout", "stdout", "stderr"))
        if i > 0 and kind in "Ut" and r.random() < 0.04:
            made.append((message + "\n", (None, None, False, message)))
            continue
        stamp = {"U": utc(t // NANO, t % NANO) + " ", "t": tai64n(t // NANO, t % NANO) + " "}
        if kind in "Cl":
            long = kind == "l" and r.random() < 0.2
            if long:
                made.append((cri(t // NANO, message + "-", stream, "P", t % NANO), (t, stream, True, message + "-")))
                message = f"rest {i}"
            made.append((cri(t // NANO, message, stream, "F", t % NANO), (t, stream, False, message)))
        elif kind == "T":
            text, read = local(t)
            made.append((text + message + "\n", (read, None, False, message)))
        else:
            made.append((stamp[kind] + message + "\n", (t, None, False, message)))
    return made


def directory(r, root, name):
    """A service's lines, over archives whose names only grow, and current."""
    kind = r.choice(STAMPS)
    made = lines_of(r, kind, r.choice((3, 30, 200, 200)))
    cuts = sorted(r.sample(range(len(made) + 1), min(len(made), r.choice((0, 1, 4)))))
    archives, begin, newest = [], 0, 0
    for cut in cuts:
        if cut > begin:
            last = next((t for _, (t, *_) in reversed(made[begin:cut]) if t), 0) // NANO
            newest = max(newest + 1, last % 2**33)
            archives.append((newest, "".join(text for text, _ in made[begin:cut]), r.random() < 0.15))
            begin = cut
    d = service(root, name, "".join(text for text, _ in made[begin:]), archives)
    return d, [fact for _, fact in made]


def compress(directories):
    """What is not gzip yet becomes what our logger makes of it."""
    script = [str(d) for d in directories]
    hidden = [(d, (d / "current").rename(d / "held")) for d in directories]
    later = "@%016x%08x.s" % (2**62 + 2**34, 0)  # the newest one stays as it is
    for d in directories:
        (d / later).write_text("later\n")
    p = subprocess.Popen(["s6-log", "-b", "n1000", "s16000000", "z1", *script], executable=OVERLOG,
                         stdin=subprocess.PIPE, env={"TZ": "Europe/Berlin", "PATH": os.environ["PATH"]})
    wait_for(lambda: all(sorted(d.glob("@*.[su]")) == [d / later] for d in directories), DEADLINE, "compression", 0.002)
    p.stdin.close()
    assert p.wait(DEADLINE) == 0
    for d, held in hidden:
        (d / later).unlink()
        held.rename(d / "current")


def options(r, times):
    """Random options, and what they choose: (words, window, for choose, reverse, last)."""
    words, window, chosen, reverse, last = [], {}, {}, False, None
    times = times or [BASE * NANO]
    if r.random() < 0.5:
        for option, name in (("-S", "since"), ("-U", "until")):
            if r.random() < 0.6:
                second = r.choice(times) // NANO + r.choice((0, 1, -60))
                window[name] = max(second, 1) * NANO
                words += [option, f"@{max(second, 1)}"]
    if r.random() < 0.5:
        chosen["word"] = r.choice(("error", "warning 1", "2", "rest"))
        words += ["-g", chosen["word"]]
        if r.random() < 0.3:
            chosen["context"] = r.choice((1, 3))
            words.append(f"-C{chosen['context']}")
        if r.random() < 0.3:
            chosen["whole"] = True
            words.append("--entry")
    if r.random() < 0.2:
        chosen["stream"] = r.choice(("stdout", "stderr"))
        words += ["-s", chosen["stream"]]
    if r.random() < 0.5:
        last = r.choice((0, 1, 2, 10, 50, 1000))
        words.append(f"-n{last}")
    if r.random() < 0.4:
        reverse = True
        words.append("-r")
    return words, window, chosen, reverse, last


def ask(root, words):
    p = subprocess.run(["logcat", "-o", "raw", *words], executable=OVERLOG, capture_output=True,
                       env=environment(root, TZ="Europe/Berlin"), timeout=DEADLINE)
    return p.stdout.decode().splitlines(), p.stderr.decode(), p.returncode


def check(r, root, services):
    times = [t for _, lines in services for t, *_ in lines if t]
    for _ in range(8):
        words, window, chosen, reverse, last = options(r, times)
        some = [s for s in services if r.random() < 0.8] or services
        want = choose(model(some, **window), **chosen)
        want = want if last is None else want[len(want) - min(last, len(want)):]
        want = [m for _, m, *_ in (backward(want) if reverse else want)]
        got, errors, code = ask(root, [*words, *(name for name, _ in some)])
        assert got == want, (words, [n for n, _ in some], str(root), difference(got, want))
        assert code == (0 if want else 1) and errors.count("\n") <= 1, (words, errors)
        assert errors == "" or " step back from " in errors, errors


def difference(got, want):
    at = next((i for i, (a, b) in enumerate(zip(got, want)) if a != b), min(len(got), len(want)))
    return at, len(got), len(want), got[max(0, at - 2):at + 3], want[max(0, at - 2):at + 3]


def test_01_random_directories(tmp_path):
    """The same lines in the same order as the model has them, whatever the clock did."""
    for begin in range(0, len(SEEDS), 16):
        cases, to_compress = [], []
        for seed in SEEDS[begin:begin + 16]:
            r = random.Random(seed)
            root = tmp_path / str(seed)
            root.mkdir()
            made = [(name, *directory(r, root, name)) for name in ("a", "b", "c")[:r.choice((1, 2, 3))]]
            to_compress += [d for _, d, _ in made if r.random() < 0.7]
            cases.append((r, root, [(name, lines) for name, _, lines in made]))
        compress(to_compress)
        for case in cases:
            check(*case)
