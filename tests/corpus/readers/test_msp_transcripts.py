"""Transcripts of MSP-Podcast, and the words of alignments where there is none."""

import logging
import sys

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from emojudge.corpus import load_table
from emojudge.corpus.faults import Faults
from emojudge.corpus.readers.msp_files import Release
from emojudge.corpus.readers.msp_transcripts import read_transcripts
from emojudge.errors import CorpusError, MissingExtraError

SPOKEN, EMPTY, MISSING = "MSP-PODCAST_0001_0008", "MSP-PODCAST_0001_0009", "MSP-PODCAST_0002_0001_0003"


def transcripts(podcast, **options):
    table = load_table("msp_podcast", root=podcast.root, **options)
    return dict(zip(table.column("id"), table.column("transcript"), strict=True)), table.info.counts.get("transcript_from_alignment")


def test_an_alignment_stands_in_for_a_transcript_that_is_missing_or_empty_and_for_no_other(podcast, align):
    for id in (SPOKEN, EMPTY, MISSING):
        align(id, "so be it")
    texts, n_aligned = transcripts(podcast)
    assert [texts[id] for id in (SPOKEN, EMPTY, MISSING)] == ["Well, I told you.", "so be it", "so be it"]
    assert n_aligned == 2


@pytest.mark.parametrize("form", ["long_textgrid", "short_textgrid"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_alignments_are_read_in_both_forms_and_every_encoding_of_praat(podcast, align, form, encoding):
    align(MISSING, "naïve łąka it's", form=form, encoding=encoding)
    assert transcripts(podcast)[0][MISSING] == "naïve łąka it's"


def test_silences_of_aligners_are_no_words_and_unknown_words_stay(podcast, align):
    align(MISSING, "sp so sil <eps> be <unk> <p:>")
    align(EMPTY, "sil")
    texts, n_aligned = transcripts(podcast)
    assert texts[MISSING] == "so be <unk>"
    assert texts[EMPTY] is None
    assert n_aligned == 1


def test_alignments_can_be_left_out(podcast, align):
    align(MISSING, "so be it").write_text("broken")
    assert transcripts(podcast, alignments=False) == (transcripts(podcast, on_bad_utterance="skip")[0] | {MISSING: None}, None)


def test_alignments_alone_make_the_transcripts(podcast, align, caplog):
    podcast.transcripts.rename(podcast.root / "elsewhere")
    align(MISSING, "so be it")
    with caplog.at_level(logging.WARNING):
        assert transcripts(podcast)[0][MISSING] == "so be it"
    assert "no folder Transcripts" not in caplog.text


@pytest.mark.parametrize("form", ["long_textgrid", "short_textgrid"])
def test_an_alignment_cut_short_anywhere_in_its_words_is_a_fault_of_its_utterance(podcast, align, form):
    path = align(MISSING, "so be it", form=form)
    whole = path.read_text()
    words_end = whole.index("phones")
    for n in range(0, whole.index('"it"', 0, words_end) + 4, 7):
        path.write_text(whole[:n])
        with pytest.raises(CorpusError, match=rf"^utterance '{MISSING}': .*{MISSING}\.TextGrid: .*TextGrid.*alignments: false") as error:
            load_table("msp_podcast", root=podcast.root)
        assert "\n" not in str(error.value)
    assert MISSING not in load_table("msp_podcast", root=podcast.root, on_bad_utterance="skip").column("id")


@settings(deadline=None)
@given(content=st.binary(max_size=80) | st.text(max_size=80).map(str.encode) | st.sampled_from([b"5", b"{}", b"[]", b'{"start": 1}']))
def test_no_content_of_an_alignment_raises_anything(tmp_path_factory, content):
    folder = tmp_path_factory.mktemp("aligned")
    (folder / "a.TextGrid").write_bytes(content)
    faults = Faults()
    release = Release(folder, folder, None, None, None, None, folder, None)
    assert read_transcripts(release, ["a"], faults, alignments=True) == ([None], [])
    assert list(faults.found) == ["a"]


def test_the_package_is_asked_for_only_where_an_alignment_must_be_read(podcast, align, monkeypatch):
    align(SPOKEN, "so be it")
    monkeypatch.setitem(sys.modules, "praatio", None)
    monkeypatch.setitem(sys.modules, "praatio.textgrid", None)
    assert transcripts(podcast)[0][MISSING] is None
    (podcast.root / "ForceAligned" / f"{SPOKEN}.TextGrid").rename(podcast.root / "ForceAligned" / f"{MISSING}.TextGrid")
    with pytest.raises(MissingExtraError, match=r"pip install 'emojudge\[corpus\]'"):
        transcripts(podcast)
    assert transcripts(podcast, alignments=False)[0][MISSING] is None
