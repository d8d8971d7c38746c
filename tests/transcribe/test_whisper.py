"""Words of Whisper models are those of ``generate`` on one recording at a time, short or long."""

import pytest
import torch
from tiny_recognizers import RATE, WHISPER_WINDOW_S, save_whisper, sound
from transformers import AutoTokenizer, WhisperFeatureExtractor, WhisperForConditionalGeneration

from emojudge.errors import ConfigError
from emojudge.transcribe.models import find_model, load_recognizer


def recognizer(folder, language=None):
    return load_recognizer(find_model(str(folder)), device="cpu", language=language)


def plainly(folder, waveform, **options):
    model, tokenizer = WhisperForConditionalGeneration.from_pretrained(folder).eval(), AutoTokenizer.from_pretrained(folder)
    features = WhisperFeatureExtractor.from_pretrained(folder)
    long = len(waveform) > WHISPER_WINDOW_S * RATE
    cut = {"truncation": False, "padding": "longest"} if long else {}
    inputs = features(waveform, sampling_rate=RATE, return_tensors="pt", **cut).input_features
    assert (inputs.shape[2] > 100 * WHISPER_WINDOW_S) == long
    with torch.no_grad():
        tokens = model.generate(inputs, **options, **({"return_timestamps": True} if long else {}))
    return tokenizer.decode(tokens[0], skip_special_tokens=True)


@pytest.mark.parametrize("language", [None, "pl"])
def test_a_batch_of_short_and_long_recordings_gives_the_words_of_one_at_a_time(whisper, language):
    waveforms = [sound(n, seed) for seed, n in enumerate((16000, 9000, 7, 32000, 70000, 40000, 100000))]
    expected = [plainly(whisper, waveform, task="transcribe", language=language) for waveform in waveforms]
    assert len(set(expected)) >= 5
    assert recognizer(whisper, language)(waveforms) == expected


def test_all_of_a_long_recording_is_heard(whisper):
    beginning, end = sound(2 * RATE, 1), sound(2 * RATE, 2)
    listener = recognizer(whisper)
    both = listener([torch.cat([torch.from_numpy(beginning), torch.from_numpy(end)]).numpy()])[0]
    silent_end = listener([torch.cat([torch.from_numpy(beginning), torch.zeros(2 * RATE)]).numpy()])[0]
    assert both != silent_end


def test_the_language_is_told_by_name_or_code_and_matters(whisper):
    waveforms = [sound(20000, seed) for seed in range(8)]
    polish = recognizer(whisper, "pl")(waveforms)
    assert recognizer(whisper, "Polish")(waveforms) == polish
    assert recognizer(whisper, "en")(waveforms) != polish


def test_a_language_that_the_model_does_not_know_is_refused_with_the_nearest(whisper):
    with pytest.raises(ConfigError, match=r"does not know the language 'polisch'.* Did you mean 'polish'\?"):
        recognizer(whisper, "polisch")
    with pytest.raises(ConfigError, match="does not know the language 'de'"):
        recognizer(whisper, "de")


def test_a_model_of_one_language_takes_none(tmp_path):
    folder = save_whisper(tmp_path / "english", multilingual=False)
    waveforms = [sound(20000, seed) for seed in range(3)]
    assert recognizer(folder)(waveforms) == [plainly(folder, waveform) for waveform in waveforms]
    with pytest.raises(ConfigError, match="is no multilingual model; leave the language out"):
        recognizer(folder, "en")
