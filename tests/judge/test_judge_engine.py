"""The engine asks once, stores before it reads, and takes up what was interrupted."""

import json
import signal
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from emojudge.errors import JudgeError
from emojudge.judge import Case, Journal, NoVerdict, ReplayClient, Verdict, judge, load_prompt, refine
from emojudge.judge.clients import CallFailedError, Reply

CASES = {f"u{i}": Case("sad", ("sad", "angry"), transcript=f"text {i}") for i in range(6)}


class Scripted:
    """Answers by a function of the utterance and remembers whom it was asked about."""

    model = "scripted"
    settings = {}  # noqa: RUF012

    def __init__(self, answer=lambda id: '{"label": "angry", "confidence": 90, "reason": ""}', repeatable=False):
        self.answer, self.repeatable, self.asked = answer, repeatable, []

    def reply(self, request):
        self.asked.append(request.id)
        return Reply(self.answer(request.id).encode())


@pytest.fixture
def path(tmp_path):
    return tmp_path / "journal.sqlite"


def test_every_case_gets_its_verdict_and_is_asked_once_ever(path):
    client, steps = Scripted(), []
    first = judge(CASES, client, path, progress=lambda *step: steps.append(step))
    assert first == {id: Verdict("angry", 0.9) for id in CASES}
    assert steps == [(n, 6) for n in range(7)]
    assert judge(CASES, client, path) == first
    assert client.asked == list(CASES)


def test_more_cases_cost_only_the_new_ones(path):
    client = Scripted()
    judge({"u1": CASES["u1"]}, client, path)
    judge(CASES, client, path)
    assert sorted(client.asked) == sorted(CASES)


@pytest.mark.parametrize("change", ["case", "prompt", "model"])
def test_another_question_is_asked_anew(path, change):
    judge(CASES, Scripted(), path)
    client = Scripted()
    cases, prompt = CASES, "paper"
    if change == "case":
        cases = CASES | {"u0": Case("angry", ("sad", "angry"), transcript="text 0")}
    elif change == "prompt":
        prompt = load_prompt(threshold=0.7)
    else:
        client.model = "another"
    judge(cases, client, path, prompt=prompt)
    assert len(client.asked) == (1 if change == "case" else 6)


def test_the_host_decides_again_for_nothing(path):
    outcomes = judge(CASES, Scripted(), path)
    fused = {id: case.label for id, case in CASES.items()}
    assert set(refine(fused, outcomes, 0.8).labels.values()) == {"angry"}
    assert set(refine(fused, outcomes, 0.95).labels.values()) == {"sad"}


def test_an_unreadable_reply_is_kept_and_not_asked_again(path):
    client = Scripted(lambda id: "It is angry." if id == "u2" else '{"label": "sad", "confidence": 90, "reason": ""}')
    outcomes = judge(CASES, client, path)
    assert outcomes["u2"].fault == "not_json"
    assert outcomes["u3"] == Verdict("sad", 0.9)
    judge(CASES, client, path)
    assert len(client.asked) == 6
    with Journal(path) as journal:
        assert b"It is angry." in dict(journal.raw_replies()).values()


def test_what_cannot_be_judged_is_not_asked(path):
    client = Scripted()
    cases = {
        "no label": Case(None, ("sad",), transcript="x"),
        "no evidence": Case("sad", ("sad",)),
        "sound": Case("sad", ("sad",), description="Loud."),
    }
    outcomes = judge(cases, client, path)
    assert client.asked == ["sound"]
    assert outcomes["no label"] == outcomes["no evidence"] == NoVerdict("not_asked")
    assert list(outcomes) == list(cases)


def test_a_failed_call_is_asked_again_next_time(path):
    def busy(id):
        if id == "u1" and len(client.asked) < 5:
            raise CallFailedError("busy")
        return '{"label": "sad", "confidence": 90, "reason": ""}'

    client = Scripted(busy)
    assert judge(CASES, client, path)["u1"] == NoVerdict("no_reply", "busy")
    assert judge(CASES, client, path)["u1"] == Verdict("sad", 0.9)
    assert client.asked.count("u1") == 2
    assert len(client.asked) == 7


@pytest.mark.parametrize("error", [KeyboardInterrupt, RuntimeError])
def test_an_interrupted_paid_call_is_lost_unless_it_may_be_resent(path, error):
    def interrupted(id):
        if id == "u3" and client.asked.count("u3") == 1:
            raise error
        return '{"label": "sad", "confidence": 90, "reason": ""}'

    client = Scripted(interrupted)
    with Journal(path) as journal:
        with pytest.raises(error):
            judge(CASES, client, journal)
        outcomes = judge(CASES, client, journal)
    assert outcomes["u3"].fault == "lost_reply"
    assert sum(outcome == Verdict("sad", 0.9) for outcome in outcomes.values()) == 5
    assert sorted(client.asked) == sorted(CASES)
    assert judge(CASES, client, path, resend_unknown=True)["u3"] == Verdict("sad", 0.9)
    assert client.asked.count("u3") == 2


def test_a_repeatable_call_is_repeated(path):
    def interrupted(id):
        if id == "u3" and client.asked.count("u3") == 1:
            raise KeyboardInterrupt
        return '{"label": "sad", "confidence": 90, "reason": ""}'

    client = Scripted(interrupted, repeatable=True)
    with pytest.raises(KeyboardInterrupt):
        judge(CASES, client, path)
    assert judge(CASES, client, path) == {id: Verdict("sad", 0.9) for id in CASES}
    assert client.asked.count("u0") == 1


KILLED = """
import os, signal, sys
from emojudge.judge import Case, judge
from emojudge.judge.clients import Reply

class Client:
    model, settings, repeatable = "scripted", {}, False
    def reply(self, request):
        with open(sys.argv[2], "a") as file:
            file.write(request.id + "\\n")
        if request.id == sys.argv[3]:
            os.kill(os.getpid(), signal.SIGKILL)
        return Reply(b'{"label": "angry", "confidence": 90, "reason": ""}')

cases = {f"u{i}": Case("sad", ("sad", "angry"), transcript=f"text {i}") for i in range(6)}
print(judge(cases, Client(), sys.argv[1]))
"""


def test_a_killed_process_loses_nothing_and_asks_nothing_twice(tmp_path, path):
    asked = tmp_path / "asked.txt"

    def run(dies_at):
        return subprocess.run([sys.executable, "-c", KILLED, path, asked, dies_at], capture_output=True, text=True, check=False)

    assert run("u2").returncode == -signal.SIGKILL
    with sqlite3.connect(path) as connection:
        states = dict(connection.execute("SELECT utterance, state FROM requests"))
    connection.close()
    assert states == {"u0": "answered", "u1": "answered", "u2": "sent", "u3": "planned", "u4": "planned", "u5": "planned"}
    assert run("u4").returncode == -signal.SIGKILL
    assert run("nobody").returncode == 0
    assert asked.read_text().split() == [f"u{i}" for i in range(6)]
    outcomes = judge(CASES, Scripted(lambda _: pytest.fail("asked again")), path)
    assert [getattr(outcome, "fault", "verdict") for outcome in outcomes.values()] == [
        "verdict",
        "verdict",
        "lost_reply",
        "verdict",
        "lost_reply",
        "verdict",
    ]


def test_nothing_that_tells_where_a_case_comes_from_is_sent(path):
    sent = []

    class Spy(Scripted):
        def reply(self, request):
            sent.append(request.messages.system + request.messages.user + json.dumps(request.schema))
            return super().reply(request)

    judge({"MSP-PODCAST_0001_0008": Case("sad", ("sad", "angry"), transcript="hello")}, Spy(), path)
    assert "hello" in sent[0]
    assert "MSP-PODCAST" not in sent[0]


def recorded(path, lines):
    path.write_text("\n".join(json.dumps(line) for line in lines))
    return ReplayClient(path)


def test_recorded_replies_may_come_in_any_order_twice_or_not_at_all(tmp_path, path):
    def reply(label):
        return json.dumps({"label": label, "confidence": 90, "reason": ""})

    key = "no such key"
    lines = [{"utterance": f"u{i}", "raw": reply("sad")} for i in (5, 0, 3)]
    lines += [{"utterance": "u0", "raw": reply("angry")}, {"key": key, "raw": reply("angry")}]
    outcomes = judge(CASES, recorded(tmp_path / "replies.jsonl", lines), path)
    assert {id for id, outcome in outcomes.items() if outcome == Verdict("sad", 0.9)} == {"u0", "u3", "u5"}
    assert {outcome.fault for id, outcome in outcomes.items() if id in ("u1", "u2", "u4")} == {"no_reply"}
    with Journal(path) as journal:
        [key] = [key for key, utterance in journal._connection.execute("SELECT key, utterance FROM requests") if utterance == "u1"]
    more = recorded(tmp_path / "replies.jsonl", [*lines, {"utterance": "u1", "raw": reply("sad")}, {"key": key, "raw": reply("angry")}])
    assert judge(CASES, more, path)["u1"] == Verdict("angry", 0.9)


@pytest.mark.parametrize("line", ["not json", "[]", '{"raw": "x"}', '{"key": "x"}', '{"key": 1, "raw": "x"}', '{"key": "x", "raw": {}}'])
def test_a_malformed_line_of_recorded_replies_is_named(tmp_path, line):
    (tmp_path / "replies.jsonl").write_text('{"key": "x", "raw": ""}\n\n' + line)
    with pytest.raises(JudgeError, match=r"replies\.jsonl, line 3"):
        ReplayClient(tmp_path / "replies.jsonl")


@pytest.mark.parametrize("usage", ["abc", [1, 2], 3, ""])
def test_usage_that_is_no_object_is_named(tmp_path, usage):
    with pytest.raises(JudgeError, match=r"replies\.jsonl, line 2: 'usage' is .*, expected an object"):
        recorded(tmp_path / "replies.jsonl", [{"key": "x", "raw": "", "usage": None}, {"key": "y", "raw": "", "usage": usage}])


def test_a_missing_file_of_replies_is_an_error(tmp_path):
    with pytest.raises(JudgeError, match="no such file"):
        ReplayClient(tmp_path / "none.jsonl")


def test_importing_the_room_imports_nothing_heavy():
    heavy = ["torch", "lightning", "librosa", "openai", "pydantic", "datasets", "pyarrow"]
    code = f"import sys, emojudge.judge; print([name for name in {heavy} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_prompts_lie_beside_the_code():
    import emojudge.judge

    assert (Path(emojudge.judge.__file__).parent / "prompts" / "paper.txt").is_file()
