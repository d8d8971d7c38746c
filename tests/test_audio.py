"""Audio files: what is converted, what is noticed, and what is refused with a line that names the file."""

import hashlib

import numpy as np
import pytest
import soundfile

from emojudge import audio
from emojudge.audio import SAMPLE_RATE, header_duration, inspect_audio, load_audio
from emojudge.errors import AudioError


def tone(hz, seconds, rate=SAMPLE_RATE):
    return 0.5 * np.sin(2 * np.pi * hz * np.arange(round(seconds * rate)) / rate)


@pytest.mark.parametrize("ending", ["wav", "flac"])
def test_lossless_files_come_back_as_written(tmp_path, ending):
    samples = np.round(tone(440, 0.5) * 32767) / 32768
    soundfile.write(tmp_path / f"a.{ending}", samples, SAMPLE_RATE, subtype="PCM_16")
    loaded = load_audio(tmp_path / f"a.{ending}")
    assert loaded.dtype == np.float32
    np.testing.assert_allclose(loaded, samples, atol=1 / 32768)


@pytest.mark.parametrize("ending", ["ogg", "mp3"])
def test_lossy_files_are_read(tmp_path, ending):
    soundfile.write(tmp_path / f"a.{ending}", tone(440, 0.5), SAMPLE_RATE)
    loaded = load_audio(tmp_path / f"a.{ending}")
    assert np.abs(np.fft.rfft(loaded[: SAMPLE_RATE // 4])).argmax() == 440 // 4


def test_channels_are_averaged(tmp_path):
    soundfile.write(tmp_path / "a.wav", np.stack([np.full(100, 0.25), np.full(100, -0.75)], axis=1), SAMPLE_RATE, subtype="FLOAT")
    np.testing.assert_allclose(load_audio(tmp_path / "a.wav"), -0.25)


@pytest.mark.parametrize("rate", [8_000, 22_050, 44_100, 48_000])
def test_other_rates_are_resampled(tmp_path, rate):
    soundfile.write(tmp_path / "a.wav", tone(440, 1.0, rate), rate, subtype="FLOAT")
    loaded = load_audio(tmp_path / "a.wav")
    middle = slice(2_000, 14_000)
    assert len(loaded) == SAMPLE_RATE
    np.testing.assert_allclose(loaded[middle], tone(440, 1.0)[middle], atol=2e-3)


def test_the_wanted_rate_is_an_option(tmp_path):
    soundfile.write(tmp_path / "a.wav", tone(440, 1.0), SAMPLE_RATE)
    assert len(load_audio(tmp_path / "a.wav", 8_000)) == 8_000


def test_max_duration_keeps_the_beginning(tmp_path):
    soundfile.write(tmp_path / "a.wav", tone(440, 1.0), SAMPLE_RATE)
    np.testing.assert_array_equal(load_audio(tmp_path / "a.wav", max_duration_s=0.25), load_audio(tmp_path / "a.wav")[:4_000])
    assert len(load_audio(tmp_path / "a.wav", max_duration_s=9)) == SAMPLE_RATE


def test_a_single_sample_of_a_higher_rate_is_still_a_recording(tmp_path):
    soundfile.write(tmp_path / "a.wav", [0.5], 48_000, subtype="FLOAT")
    np.testing.assert_array_equal(load_audio(tmp_path / "a.wav"), [0.5])


def test_facts_of_a_file(tmp_path):
    soundfile.write(tmp_path / "a.wav", np.stack([tone(440, 0.5, 44_100)] * 2, axis=1), 44_100)
    facts = inspect_audio(tmp_path / "a.wav")
    assert (facts.duration_s, facts.sample_rate, facts.channels) == (0.5, 44_100, 2)
    assert facts.peak == pytest.approx(0.5, abs=1e-3)
    assert not facts.silent


def facts_of(path, samples, subtype="FLOAT"):
    soundfile.write(path, samples, SAMPLE_RATE, subtype=subtype)
    return inspect_audio(path)


def test_level_and_offset_are_those_of_all_samples(tmp_path):
    samples = np.random.default_rng(0).normal(0.02, 0.1, (200_000, 2)).astype(np.float32)  # more than one block
    facts = facts_of(tmp_path / "a.wav", samples)
    exact = samples.astype(np.float64)
    assert facts.rms == pytest.approx(np.sqrt((exact**2).mean()), rel=1e-9)
    assert facts.dc_offset == pytest.approx(exact.mean(), rel=1e-9)
    assert facts.peak == np.abs(samples).max()
    assert facts.duration_s == 12.5


@pytest.mark.parametrize(
    ("samples", "clipped"),
    [
        ([0.5, 1.0, 0.5, -1.0], 0),  # single peaks: the level was set by them
        ([0.5, 1.0, 1.0, 0.5], 1 / 4),
        ([0.5, 1.5, 1.2, -1.1], 2 / 4),  # beyond full scale, as float files may be
        ([0.9, 0.9, 0.9, 0.9], 0),
    ],
)
def test_clipping_is_a_run_at_full_scale(tmp_path, samples, clipped):
    assert facts_of(tmp_path / "a.wav", samples).clipped == clipped


def test_clipping_is_counted_by_channel_and_over_the_ends_of_blocks(tmp_path):
    length = audio._BLOCK_FRAMES
    left, right = np.zeros(length + 10), np.zeros(length + 10)
    left[length - 2 : length + 2] = 1.0
    right[[0, 2]] = 1.0
    facts = facts_of(tmp_path / "a.wav", np.stack([left, right], axis=1))
    assert facts.clipped == 3 / (2 * (length + 10))


@pytest.mark.parametrize("form", ["wav", "flac", "ogg", "mp3", "opus"])
def test_the_digest_is_that_of_the_file_decoded_at_once(tmp_path, form, monkeypatch):
    path = tmp_path / f"a.{form}"
    container = {"format": "OGG", "subtype": "OPUS"} if form == "opus" else {}
    soundfile.write(path, np.random.default_rng(0).normal(0, 0.1, (50_000, 2)), SAMPLE_RATE, **container)
    with soundfile.SoundFile(path) as file:
        at_once = hashlib.blake2b(file.read(file.frames, dtype="float32", always_2d=True).tobytes(), digest_size=16)
        at_once.update(f"{file.samplerate} 2".encode())
    monkeypatch.setattr(audio, "_BLOCK_FRAMES", 1_000)
    assert inspect_audio(path).digest == at_once.hexdigest()


def test_the_header_tells_the_duration_without_decoding(tmp_path, monkeypatch):
    soundfile.write(tmp_path / "a.flac", tone(440, 0.5, 44_100), 44_100)
    monkeypatch.setattr(soundfile.SoundFile, "read", None)
    assert header_duration(tmp_path / "a.flac") == 0.5


def test_the_header_of_a_file_without_samples_gives_no_duration(tmp_path):
    soundfile.write(tmp_path / "a.wav", np.zeros(0), SAMPLE_RATE)
    with pytest.raises(AudioError, match=r"a\.wav: the audio file has no samples"):
        header_duration(tmp_path / "a.wav")


@pytest.mark.parametrize("rate", [SAMPLE_RATE, 44_100])
def test_a_flac_stream_that_leaves_its_length_open_is_the_same_sound(tmp_path, rate):
    soundfile.write(tmp_path / "a.flac", np.stack([tone(440, 5, rate), tone(300, 5, rate)], axis=1), rate)
    header = bytearray((tmp_path / "a.flac").read_bytes())
    header[21] &= 0xF0  # the 36 bits of the number of samples, where 0 means that it is not known
    header[22:26] = bytes(4)
    (tmp_path / "open.flac").write_bytes(header)
    assert header_duration(tmp_path / "open.flac") == 5
    assert inspect_audio(tmp_path / "open.flac") == inspect_audio(tmp_path / "a.flac")
    for most in (None, 0.5, 60):
        np.testing.assert_array_equal(
            load_audio(tmp_path / "open.flac", max_duration_s=most), load_audio(tmp_path / "a.flac", max_duration_s=most)
        )


def test_silence_is_noticed_and_not_refused(tmp_path):
    soundfile.write(tmp_path / "a.wav", np.full(100, 2e-5), SAMPLE_RATE, subtype="FLOAT")
    assert inspect_audio(tmp_path / "a.wav").silent
    assert len(load_audio(tmp_path / "a.wav")) == 100


def test_the_digest_is_of_the_sound_and_not_of_the_file(tmp_path):
    samples = np.round(tone(440, 0.2) * 32767) / 32768
    soundfile.write(tmp_path / "a.wav", samples, SAMPLE_RATE, subtype="PCM_16")
    soundfile.write(tmp_path / "b.flac", samples, SAMPLE_RATE, subtype="PCM_16")
    soundfile.write(tmp_path / "c.wav", samples * 0.99, SAMPLE_RATE, subtype="PCM_16")
    soundfile.write(tmp_path / "d.wav", samples, 8_000, subtype="PCM_16")
    a, b, c, d = (inspect_audio(tmp_path / name).digest for name in ("a.wav", "b.flac", "c.wav", "d.wav"))
    assert a == b
    assert len({a, c, d}) == 3


def refused(path):
    """Return what both readers say about a file, which must be the same, one line, and name the file."""
    with pytest.raises(AudioError) as inspected:
        inspect_audio(path)
    with pytest.raises(AudioError) as loaded:
        load_audio(path)
    message = str(loaded.value)
    assert message == str(inspected.value)
    assert str(path) in message
    assert "\n" not in message
    return message


def test_a_missing_file_is_refused(tmp_path):
    assert "no such audio file" in refused(tmp_path / "a.wav")


@pytest.mark.parametrize("content", [b"", b"not audio at all"])
def test_a_file_that_is_not_audio_is_refused(tmp_path, content):
    (tmp_path / "a.wav").write_bytes(content)
    assert "not readable as audio" in refused(tmp_path / "a.wav")


def test_a_file_without_samples_is_refused(tmp_path):
    soundfile.write(tmp_path / "a.wav", np.zeros(0), SAMPLE_RATE)
    assert "no samples" in refused(tmp_path / "a.wav")


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_samples_that_are_not_finite_are_refused(tmp_path, bad):
    samples = tone(440, 0.1)
    samples[50] = bad
    soundfile.write(tmp_path / "a.wav", samples, SAMPLE_RATE, subtype="FLOAT")
    assert "not finite" in refused(tmp_path / "a.wav")


@pytest.mark.parametrize("ending", ["wav", "aiff", "flac", "ogg", "mp3"])
def test_a_file_that_is_cut_short_is_refused(tmp_path, ending):
    path = tmp_path / f"a.{ending}"
    soundfile.write(path, np.random.default_rng(0).normal(0, 0.1, 3 * SAMPLE_RATE), SAMPLE_RATE)
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    message = refused(path)
    assert "cut short" in message or "lost sync" in message


def test_a_streamed_file_whose_header_knows_no_length_is_read(tmp_path):
    path = tmp_path / "a.wav"
    soundfile.write(path, tone(440, 0.5), SAMPLE_RATE, subtype="PCM_16")
    content = bytearray(path.read_bytes())
    content[40:44] = b"\xff\xff\xff\xff"
    path.write_bytes(content)
    assert len(load_audio(path)) == SAMPLE_RATE // 2
