"""Sound, as it is made ready for WhatsApp."""

from base64 import b64decode
from typing import Any

from homeassistant.exceptions import ServiceValidationError
import pytest

from custom_components.whatsapp.bridge.protocol import LIMIT_WAVEFORM_CHARS
from custom_components.whatsapp.media import audio as audio_module
from tests.support.media import PICTURE, SOUND, Sender, ffmpeg, ffprobe, picture

SILENCE = ("-f", "lavfi", "-i", "anullsrc=sample_rate=44100")
# Silent, then quiet, then loud.
STEPS = ("-f", "lavfi", "-i", "aevalsrc='(gte(t,1)*0.05+gte(t,2)*0.75)*sin(2*PI*440*t)':s=16000:d=3")


def _bars(content: Any) -> bytes:
    assert len(content["waveform"]) <= LIMIT_WAVEFORM_CHARS
    bars = b64decode(content["waveform"], validate=True)
    assert len(bars) == 64
    return bars


@pytest.mark.parametrize(
    ("name", "codec"),
    [
        ("a.wav", ()),
        ("a.mp3", ()),
        ("a.m4a", ("-ac", "2")),
        ("a.flac", ()),
        ("a.ogg", ("-c:a", "libvorbis")),
        ("stereo.opus", ("-c:a", "libopus", "-ac", "2")),
        ("a.webm", ("-c:a", "libopus")),
        ("a.aiff", ()),
    ],
)
async def test_any_sound_becomes_a_voice_note(sender: Sender, name: str, codec: tuple[str, ...]) -> None:
    prepared = await sender.prepare("audio", ffmpeg(sender.folder / name, *SOUND, "-t", "2", *codec))
    found = prepared.probe(sender.folder)
    assert found["format"]["format_name"] == "ogg"
    audio = found["audio"]
    assert (audio["codec_name"], audio["channels"], audio["sample_rate"]) == ("opus", 1, "48000")
    content = prepared.content
    assert (content["kind"], content["voice"]) == ("audio", True)
    assert content["seconds"] == pytest.approx(2, abs=0.1)
    # An encoder fades in and out.
    assert min(_bars(content)[2:-2]) >= 80


async def test_voice_note_stays_as_it_is(sender: Sender) -> None:
    source = ffmpeg(sender.folder / "note.ogg", *SOUND, "-t", "1", "-c:a", "libopus", "-ac", "1")
    prepared = await sender.prepare("audio", source)
    assert prepared.as_it_is
    assert prepared.content["seconds"] == pytest.approx(1, abs=0.1)


async def test_waveform_shows_how_loud_it_is(sender: Sender) -> None:
    bars = _bars((await sender.prepare("audio", ffmpeg(sender.folder / "steps.wav", *STEPS))).content)
    silent, quiet, loud = bars[2:18], bars[24:40], bars[46:62]
    assert max(silent) == 0
    assert min(quiet) >= 3
    assert max(quiet) <= 10
    assert min(loud) >= 95


async def test_waveform_of_what_is_no_sound(sender: Sender) -> None:
    """Samples that are no numbers."""
    source = ffmpeg(sender.folder / "a.wav", "-f", "lavfi", "-i", "aevalsrc=0/0:d=1", "-c:a", "pcm_f32le")
    assert max(_bars((await sender.prepare("audio", source)).content)) <= 100


async def test_waveform_of_a_long_sound(sender: Sender, monkeypatch: pytest.MonkeyPatch) -> None:
    """Only its beginning is drawn: ffmpeg would hold too much of it."""
    monkeypatch.setattr(audio_module, "_BAR_SECONDS_MAX", 0.01)
    bars = _bars((await sender.prepare("audio", ffmpeg(sender.folder / "steps.wav", *STEPS))).content)
    assert bars == bytes(64)


@pytest.mark.parametrize("seconds", ["0.2", "3"])
async def test_waveform_of_silence_is_flat(sender: Sender, seconds: str) -> None:
    prepared = await sender.prepare("audio", ffmpeg(sender.folder / "silence.wav", *SILENCE, "-t", seconds))
    assert _bars(prepared.content) == bytes(64)


@pytest.mark.parametrize(
    ("name", "codec"),
    [
        ("a.mp3", ()),
        ("a.m4a", ()),
        ("a.aac", ()),
        ("a.ogg", ("-c:a", "libopus", "-ac", "2")),
    ],
)
async def test_music_stays_as_it_is(sender: Sender, name: str, codec: tuple[str, ...]) -> None:
    source = ffmpeg(sender.folder / name, *SOUND, "-t", "2", *codec)
    prepared = await sender.prepare("audio", source, voice=False)
    assert prepared.as_it_is
    assert prepared.content["voice"] is False
    assert "waveform" not in prepared.content
    assert prepared.content["seconds"] == pytest.approx(2, abs=0.2)


async def test_telephone_sound_stays_as_it_is(sender: Sender) -> None:
    source = sender.folder / "old.amr"
    # Frames of silence, 20 ms each: no free ffmpeg writes AMR.
    source.write_bytes(b"#!AMR\n" + (b"\x3c" + bytes(31)) * 50)
    assert (await sender.prepare("audio", source, voice=False)).as_it_is


async def test_song_with_a_cover_is_sound(sender: Sender) -> None:
    cover = picture(sender.folder / "cover.jpg")
    source = ffmpeg(
        sender.folder / "song.mp3", *SOUND, "-i", str(cover), "-t", "2", "-map", "0", "-map", "1", "-c:v", "copy"
    )
    assert (await sender.prepare("audio", source, voice=False)).as_it_is
    assert (await sender.prepare("auto", source, voice=False)).content["kind"] == "audio"


@pytest.mark.parametrize(("name", "codec"), [("a.wav", ()), ("a.flac", ()), ("a.ogg", ("-c:a", "libvorbis"))])
async def test_other_music_becomes_aac(sender: Sender, name: str, codec: tuple[str, ...]) -> None:
    source = ffmpeg(sender.folder / name, *SOUND, "-t", "2", *codec)
    prepared = await sender.prepare("audio", source, voice=False)
    found = prepared.probe(sender.folder)
    assert found["audio"]["codec_name"] == "aac"
    assert "m4a" in found["format"]["format_name"]
    assert prepared.content["seconds"] == pytest.approx(2, abs=0.2)


async def test_sound_in_a_container_of_videos(sender: Sender) -> None:
    """As it is it would be taken for a video."""
    source = ffmpeg(sender.folder / "a.mp4", *SOUND, "-t", "1")
    found = (await sender.prepare("audio", source, voice=False)).probe(sender.folder)
    assert found["format"]["tags"]["major_brand"] == "M4A "
    # Not encoded anew.
    assert found["audio"]["bit_rate"] == ffprobe(source)["audio"]["bit_rate"]


async def test_sound_of_a_video(sender: Sender) -> None:
    source = ffmpeg(sender.folder / "film.mp4", *PICTURE, *SOUND, "-t", "1")
    found = (await sender.prepare("audio", source, voice=False)).probe(sender.folder)
    assert "video" not in found
    assert found["audio"]["codec_name"] == "aac"


async def test_length_may_be_given(sender: Sender) -> None:
    source = ffmpeg(sender.folder / "a.mp3", *SOUND, "-t", "1")
    assert (await sender.prepare("audio", source, seconds=7)).content["seconds"] == 7
    error = await sender.refused("audio", source, seconds=-1)
    assert (type(error), error.translation_key) == (ServiceValidationError, "seconds_invalid")


async def test_sound_heard_once(sender: Sender) -> None:
    source = ffmpeg(sender.folder / "a.mp3", *SOUND, "-t", "1")
    assert (await sender.prepare("audio", source, view_once=True)).content["view_once"] is True


async def test_sound_with_a_lot_to_say_of_itself(sender: Sender) -> None:
    about = sender.folder / "about.txt"
    about.write_text(f";FFMETADATA1\ncomment={'lyrics ' * 400_000}\n")
    source = ffmpeg(sender.folder / "a.mp3", *SOUND, "-i", str(about), "-map_metadata", "1", "-t", "1")
    assert source.stat().st_size > 2_000_000
    assert (await sender.prepare("audio", source, voice=False)).as_it_is
    prepared = await sender.prepare("audio", source)
    assert b"lyrics" not in prepared.data


async def test_file_without_sound(sender: Sender) -> None:
    silent_film = ffmpeg(sender.folder / "silent.mp4", *PICTURE, "-t", "1")
    text = sender.folder / "song.mp3"
    text.write_text("la la la\n" * 1000)
    for source in (silent_film, text, picture(sender.folder / "a.jpg")):
        error = await sender.refused("audio", source)
        assert (type(error), error.translation_key) == (ServiceValidationError, "not_audio")


async def test_sound_has_no_caption(sender: Sender) -> None:
    source = ffmpeg(sender.folder / "a.mp3", *SOUND, "-t", "1")
    assert (await sender.refused("audio", source, caption="Listen")).translation_key == "caption_not_possible"
    assert "caption" not in (await sender.prepare("auto", source, caption="Listen")).content


async def test_too_much_sound(sender: Sender) -> None:
    mp3 = ffmpeg(sender.folder / "long.mp3", *SOUND, "-t", "1", "-b:a", "320k").read_bytes()
    (sender.folder / "long.mp3").write_bytes(mp3 * (17 * 1024 * 1024 // len(mp3)))
    error = await sender.refused("audio", sender.folder / "long.mp3", voice=False)
    assert error.translation_key == "media_too_large"
    assert error.translation_placeholders == {"limit": "16"}
