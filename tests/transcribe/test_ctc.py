"""Words of CTC models do not depend on neighbours, padding or windows."""

import re
from itertools import groupby

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from tiny_recognizers import RATE, save_ctc, sound
from transformers import AutoModelForCTC, AutoTokenizer, Wav2Vec2FeatureExtractor, pipeline

from emojudge.transcribe import ctc as ctc_module
from emojudge.transcribe.ctc import windows
from emojudge.transcribe.models import find_model, load_recognizer

LENGTHS = [16000, 9001, 400, 24000, 30123]


def recognizer(folder, **options):
    return load_recognizer(find_model(str(folder)), device="cpu", **options)


def plainly(folder, waveform):
    """Decode one recording alone, merging and dropping by hand."""
    model, tokenizer = AutoModelForCTC.from_pretrained(folder).eval(), AutoTokenizer.from_pretrained(folder)
    values = Wav2Vec2FeatureExtractor()(waveform, sampling_rate=RATE, return_tensors="pt").input_values
    with torch.no_grad():
        ids = model(values).logits[0].argmax(dim=1).tolist()
    tokens = tokenizer.convert_ids_to_tokens([id for id, _ in groupby(ids)])
    return "".join(" " if token == "|" else "" if token.startswith("<") else token for token in tokens).strip()


@pytest.mark.parametrize("kind", ["Wav2Vec2", "Hubert", "WavLM"])
@pytest.mark.parametrize("norm", ["layer", "group"])
def test_a_batch_gives_the_words_of_one_at_a_time(tmp_path, kind, norm):
    folder = save_ctc(tmp_path / "model", kind, feat_extract_norm=norm, do_stable_layer_norm=norm == "layer")
    waveforms = [sound(n, seed) for seed, n in enumerate(LENGTHS)]
    expected = [plainly(folder, waveform) for waveform in waveforms]
    assert len(set(expected)) == len(expected)
    assert [text.strip() for text in recognizer(folder, batch_size=3)(waveforms)] == expected


def test_frames_that_an_adapter_thins_out_are_counted(tmp_path, monkeypatch):
    folder = save_ctc(tmp_path / "model", add_adapter=True, num_adapter_layers=1, output_hidden_size=16)
    waveforms = [sound(n, seed) for seed, n in enumerate(LENGTHS)]
    listener = recognizer(folder, batch_size=3)
    assert [text.strip() for text in listener(waveforms)] == [plainly(folder, waveform) for waveform in waveforms]
    monkeypatch.setattr(ctc_module, "WINDOW_S", 2.0)
    monkeypatch.setattr(ctc_module, "CONTEXT_S", 0.2)
    heard = []
    monkeypatch.setattr(listener, "_decoded", lambda ids: heard.append(len(ids)) or "")
    for n_samples in (7 * RATE, 7 * RATE + 3210):
        listener([sound(n_samples)])
        assert heard.pop() == int(listener.model._get_feat_extract_output_lengths(n_samples))


def test_a_recording_shorter_than_a_frame_is_heard(ctc):
    texts = recognizer(ctc)([sound(1), sound(7), sound(399)])
    assert [len(text) for text in texts] == [1, 1, 1]  # one frame, one letter


def test_double_letters_stay_double_and_marks_are_no_words(ctc):
    listener = recognizer(ctc)
    ids = listener.tokenizer.convert_tokens_to_ids
    frames = ["<s>", "h", "h", "e", "l", "<pad>", "l", "<unk>", "l", "o", "|", "a", "</s>", "<pad>"]
    assert listener._decoded(ids(frames)) == "helllo a"


def test_windows_agree_with_the_pipeline_of_transformers(ctc, monkeypatch):
    monkeypatch.setattr(ctc_module, "WINDOW_S", 2.0)
    monkeypatch.setattr(ctc_module, "CONTEXT_S", 0.2)
    waveforms = [sound(7 * RATE, 1), sound(2 * RATE, 2), sound(2 * RATE + 1, 3), sound(12345, 4)]
    recognize = pipeline("automatic-speech-recognition", model=ctc, device="cpu")
    expected = [recognize(waveform, chunk_length_s=2.0, stride_length_s=(0.2, 0.2))["text"] for waveform in waveforms]
    expected = [re.sub(r"<\w+>|</s>", "", text) for text in expected]  # the pipeline writes them out
    assert recognizer(ctc, batch_size=4)(waveforms) == expected


@given(st.integers(1, 200 * RATE))
def test_the_kept_frames_of_all_windows_are_each_frame_once(n_samples):
    hop, field = 320, 400
    kept = []
    for first, last, own in windows(n_samples, hop, RATE):
        n = min(last * hop, n_samples) - first * hop
        kept += list(range(first, first + max(1, (n - field) // hop + 1)))[own]
        assert n <= 30 * RATE
    assert kept == list(range(max(1, (n_samples - field) // hop + 1)))


def test_shorter_numbers_take_the_same_way(ctc):
    listener = recognizer(ctc, dtype="bfloat16")
    assert {parameter.dtype for parameter in listener.model.parameters()} == {torch.bfloat16}
    assert all(listener([sound(16000), sound(8000)]))
