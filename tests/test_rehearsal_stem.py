"""Crawls of a rehearsal are forks; to whoever began them they look like processes of their own."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]
# What stands for the crawler here says its words, one variable and its limit, then does what it is told.
BEGIN = """
import os, resource, signal, sys, threading, time
from types import SimpleNamespace

def execute(words):
    most = resource.getrlimit(resource.RLIMIT_CORE)[0]
    sys.stderr.write(f"{words} {os.environ['SAID']} {len(os.environ)} {most} {len(threading.enumerate())}\\n")
    sys.stderr.flush()
    task = words[-1]
    if task == "waits":
        sys.stdin.read()
    if task == "sleeps":
        time.sleep(60)
    if task == "breaks":
        raise ValueError("x")
    sys.exit(int(task) if task.isdecimal() else None)

sys.modules["scrapy.cmdline"] = SimpleNamespace(execute=execute)
from monitor.rehearsal.stem import Stem
stem = Stem()
resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
others = [threading.Thread(target=time.sleep, args=(60,), daemon=True) for _ in range(2)]
[other.start() for other in others]
crawl = lambda task: stem.begin(["python", "-m", "scrapy", "crawl", task], {"SAID": "ya"}, ())
"""


def told(rest: str) -> str:
    done = subprocess.run(
        [sys.executable, "-c", BEGIN + rest], cwd=ROOT, capture_output=True, text=True, timeout=60, check=True
    )
    assert not done.stderr, done.stderr
    return done.stdout.strip()


def test_a_crawl_has_words_environment_exit_code_and_one_thread_of_its_own() -> None:
    rest = (
        "one, other = crawl('3'), crawl('0')\nprint(one.stderr.read().strip(), one.wait(), other.wait(), other.poll())"
    )
    assert told(rest) == "['scrapy', 'crawl', '3'] ya 1 0 1 3 0 0"


def test_one_that_fails_says_where() -> None:
    assert told("one = crawl('breaks')\nprint('ValueError: x' in one.stderr.read(), one.wait())") == "True 1"


def test_it_is_waited_for_stopped_and_ends_when_its_input_does() -> None:
    rest = """
one, two, three = crawl("sleeps"), crawl("sleeps"), crawl("waits")
for each in (one, two, three):
    each.stderr.readline()  # it is in the midst of it
try:
    one.wait(0.05)
except Exception as error:
    print(type(error).__name__, one.poll(), end=" ")
one.terminate()
two.kill()
three.stdin.close()
print(one.wait(), two.wait(), three.wait())
one.terminate()  # nobody is there any more
"""
    assert told(rest) == "TimeoutExpired None -15 -9 0"


def test_nothing_stays_when_whoever_asked_is_killed() -> None:
    rest = """
one = crawl("waits")
one.stderr.readline()
print(one.pid, flush=True)
os.kill(os.getpid(), signal.SIGKILL)
"""
    done = subprocess.run(
        [sys.executable, "-c", BEGIN + rest], cwd=ROOT, capture_output=True, text=True, timeout=60, check=False
    )
    # its output is at its end only when stem, keeper and crawl, which share it, have ended too
    assert done.returncode == -9
    assert int(done.stdout) > 0
