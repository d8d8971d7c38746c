"""What a challenge would not take, each fault with its line."""

import pytest

from emojudge.errors import PredictionsError
from emojudge.evaluation import check_submission
from emojudge.evaluation.submission import task_of

IDS = ["u1", "u2", "u3"]
CLASSES = "FileName,EmoClass\nu1.wav,A\nu2.wav,S\nu3.wav,N\n"
VALUES = "FileName,EmoAct,EmoVal,EmoDom\nu1.wav,1,7,4.5\nu2.wav,2,2.25,3e0\nu3.wav,5,5,5\n"


@pytest.fixture
def faults(tmp_path):
    """Return a function that writes a text or bytes and returns the faults found in it."""

    def check(content, task="emotion"):
        path = tmp_path / "submission.csv"
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return check_submission(path, IDS, task)

    return check


def test_a_whole_file_has_no_fault(faults):
    assert faults(CLASSES) == []
    assert faults(VALUES, "attributes") == []
    assert faults("FileName,EmoClass\nu3.wav,A\nu1.wav,S\nu2.wav,N") == []  # any order, and no line end at the end


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (("u2.wav,S\n", ""), ["no row of 'u2.wav'", "2 rows, expected 3"]),
        (("u3.wav,N\n", "u3.wav,N\nu3.wav,S\n"), ["line 5: FileName 'u3.wav' stands on line 4 already", "4 rows, expected 3"]),
        (("u2.wav", "u9.wav"), ["line 3: FileName 'u9.wav' is not expected", "no row of 'u2.wav'"]),
        (("u2.wav", "u2"), ["line 3: FileName 'u2' is not expected; write 'u2.wav'", "no row of 'u2.wav'"]),
        (("u2.wav", " u2.wav"), ["line 3: FileName ' u2.wav' is not expected; write 'u2.wav'", "no row of 'u2.wav'"]),
        ((",S", ",sad"), ["line 3: EmoClass is 'sad', expected one of A, S, H, U, F, D, C, N; write S"]),
        ((",S", ",s"), ["line 3: EmoClass is 's', expected one of A, S, H, U, F, D, C, N; write S"]),
        ((",S", ",O"), ["line 3: EmoClass is 'O', expected one of A, S, H, U, F, D, C, N"]),
        ((",S", ","), ["line 3: EmoClass is '', expected one of A, S, H, U, F, D, C, N"]),
        ((",S", ",S,0.9"), ["line 3: has 3 cells, expected 2 (FileName, EmoClass)"]),
        (("u2.wav,S\n", "\nu2.wav,S\n"), ["line 3: is empty"]),
        (
            ("FileName,EmoClass", "EmoClass,FileName"),
            ["line 1: header 'EmoClass,FileName' has another order, expected 'FileName,EmoClass'"],
        ),
        (
            ("EmoClass", "Emotion"),
            ["line 1: header 'FileName,Emotion' lacks EmoClass and has 'Emotion' beside, expected 'FileName,EmoClass'"],
        ),
    ],
)
def test_a_fault_is_one_line_with_its_place(faults, change, expected):
    assert faults(CLASSES.replace(*change)) == expected


def test_an_open_quotation_mark_takes_what_follows_into_its_cell(faults):
    assert faults(CLASSES.replace(",S", ',"S')) == [
        "line 4: EmoClass is 'S\\nu3.wav,N\\n', expected one of A, S, H, U, F, D, C, N",
        "no row of 'u3.wav'",
        "2 rows, expected 3",
    ]


@pytest.mark.parametrize("value", ["nan", "NaN", "inf", "-inf", "0.99", "7.0001", "", "x", "1_0", "٤", "1,5"])
def test_only_numbers_from_1_to_7_are_values(faults, value):
    cell = f'"{value}"' if "," in value else value
    assert faults(VALUES.replace("2.25", cell), "attributes") == [f"line 3: EmoVal is '{value}', expected a number from 1 to 7"]


def test_bytes_that_a_challenge_trips_over(faults):
    assert faults(b"\xef\xbb\xbf" + CLASSES.encode()) == ["line 1: begins with a byte-order mark; save it as UTF-8 without one"]
    assert faults(CLASSES.replace("\n", "\r\n")) == ["line 1: ends with a carriage return; end lines with a line feed alone"]
    assert faults(CLASSES.replace("u2.wav,S\n", "u2.wav,S\r")) == ["line 3: ends with a carriage return; end lines with a line feed alone"]
    assert faults(CLASSES.encode().replace(b"S\n", b"\xe4\n")) == ["line 3: not UTF-8 (byte 0xe4); save it as UTF-8"]
    assert faults(CLASSES.encode("utf-16"))[-1].startswith("line 1: not UTF-8")
    assert faults("") == ["the file is empty, expected the header FileName,EmoClass"]
    assert any("zero byte" in fault for fault in faults(CLASSES.replace("S", "S\0")))


def test_a_submission_of_the_other_task_says_what_the_header_should_be(faults):
    (fault,) = faults(VALUES)
    assert fault.endswith("expected 'FileName,EmoClass'")


def test_all_faults_are_found_at_once(faults):
    text = CLASSES.replace(",A", ",X").replace(",S", ",Y").replace("u3", "u4")
    assert len(faults(text)) == 4


def test_the_task_is_told_by_the_header(tmp_path):
    path = tmp_path / "s.csv"
    for text, task in ((CLASSES, "emotion"), (VALUES, "attributes")):
        path.write_text(text)
        assert task_of(path) == task
    path.write_text("a,b\n")
    with pytest.raises(PredictionsError, match="header 'a,b' is of neither task"):
        task_of(path)
    with pytest.raises(PredictionsError, match="no such submission"):
        task_of(tmp_path / "none.csv")


def test_a_file_that_is_no_text_is_named_without_being_printed(tmp_path):
    path = tmp_path / "s.csv"
    path.write_bytes("FileName,EmoClass\n".encode("utf-16"))
    with pytest.raises(PredictionsError, match=r"line 1: not UTF-8 \(byte 0xff\)"):
        task_of(path)
    path.write_bytes(b"\x1b[2J" + b"x" * 500 + b"\nu,A\n")
    with pytest.raises(PredictionsError) as raised:
        task_of(path)
    assert str(raised.value).isprintable()
    assert len(str(raised.value)) < len(str(path)) + 200
