"""Video, as it is made ready for WhatsApp."""

from pathlib import Path
import subprocess

from homeassistant.exceptions import ServiceValidationError
from PIL import Image
import pytest

from custom_components.whatsapp.media.limits import LIMITS, MEBIBYTE
from tests.support.media import PICTURE, SOUND, Sender, ffmpeg, ffprobe, grey, picture, thumbnail

H264 = ("-c:v", "libx264", "-pix_fmt", "yuv420p", "-preset", "ultrafast")


def _film(target: Path, *options: str, seconds: str = "2") -> Path:
    return ffmpeg(target, *PICTURE, *SOUND, "-t", seconds, *options)


async def test_video_stays_as_it_is(sender: Sender) -> None:
    prepared = await sender.prepare("video", _film(sender.folder / "film.mp4", *H264), caption="Garden")
    assert prepared.as_it_is
    content = prepared.content
    assert content["seconds"] == pytest.approx(2, abs=0.1)
    assert {key: content[key] for key in ("kind", "width", "height", "gif", "caption")} == {
        "kind": "video",
        "width": 320,
        "height": 240,
        "gif": False,
        "caption": "Garden",
    }
    assert thumbnail(content).size == (160, 120)


async def test_thumbnail_is_not_the_black_start(sender: Sender) -> None:
    source = ffmpeg(
        sender.folder / "a.mp4",
        *("-f", "lavfi", "-i", "color=white:size=320x240:rate=10", "-t", "4", "-vf", "fade=in:st=0:d=1", *H264),
    )
    assert grey(thumbnail((await sender.prepare("video", source)).content), 80, 60) > 200


@pytest.mark.parametrize(
    ("name", "codec"),
    [
        ("a.webm", ("-c:v", "libvpx", "-c:a", "libopus")),
        ("a.avi", ("-c:v", "mpeg4", "-c:a", "mp3")),
        ("a.mkv", ("-c:v", "mpeg4", "-c:a", "flac")),
        ("a.mpg", ()),
        ("a.ts", ("-c:v", "mpeg2video", "-c:a", "mp2")),
        ("a.mp4", ("-c:v", "libx264", "-pix_fmt", "yuv444p")),
        ("a.flv", ("-c:v", "flv", "-c:a", "mp3")),
        ("a.mp4", ("-c:v", "mpeg4")),
    ],
)
async def test_any_video_becomes_h264_and_aac(sender: Sender, name: str, codec: tuple[str, ...]) -> None:
    prepared = await sender.prepare("video", _film(sender.folder / name, "-r", "25", *codec))
    found = prepared.probe(sender.folder)
    assert "mp4" in found["format"]["format_name"]
    video = found["video"]
    assert (video["codec_name"], video["profile"], video["pix_fmt"]) == ("h264", "Main", "yuv420p")
    assert found["audio"]["codec_name"] == "aac"
    # A player can start with the first bytes.
    assert prepared.data.index(b"moov") < prepared.data.index(b"mdat")
    assert prepared.content["seconds"] == pytest.approx(2, abs=0.2)
    assert (prepared.content["width"], prepared.content["height"]) == (320, 240)


@pytest.mark.parametrize(("name", "sound"), [("a.mkv", "flac"), ("a.mov", "aac"), ("a.ts", "aac"), ("a.mp4", "mp3")])
async def test_right_picture_is_only_put_into_an_mp4(sender: Sender, name: str, sound: str) -> None:
    source = _film(sender.folder / name, *H264, "-c:a", sound)
    prepared = await sender.prepare("video", source)
    found = prepared.probe(sender.folder)
    assert not prepared.as_it_is
    # Encoded anew it would be another profile.
    assert found["video"]["profile"] == "Constrained Baseline"
    assert found["audio"]["codec_name"] == "aac"
    assert found["format"]["tags"]["major_brand"] != "qt  "


async def test_large_picture_is_scaled_down(sender: Sender) -> None:
    source = ffmpeg(
        sender.folder / "big.avi",
        *("-f", "lavfi", "-i", "testsrc2=size=1001x2002:rate=50", "-t", "1", "-c:v", "mjpeg"),
    )
    video = (prepared := await sender.prepare("video", source)).probe(sender.folder)["video"]
    assert (video["width"], video["height"]) == (638, 1280)
    assert video["r_frame_rate"] == "30/1"
    assert (prepared.content["width"], prepared.content["height"]) == (638, 1280)


async def test_turned_video(sender: Sender) -> None:
    plain = ffmpeg(sender.folder / "plain.mp4", *PICTURE, "-t", "1", *H264)
    turned = ffmpeg(sender.folder / "turned.mp4", "-i", str(plain), "-c", "copy", "-metadata:s:v", "rotate=90")
    prepared = await sender.prepare("video", turned)
    assert prepared.as_it_is
    assert (prepared.content["width"], prepared.content["height"]) == (240, 320)
    assert thumbnail(prepared.content).size == (120, 160)


async def test_video_that_is_too_large_is_fitted(sender: Sender) -> None:
    """More bytes than WhatsApp takes, of which few are picture: a box of nothing, as cameras leave them for later."""
    source = _film(sender.folder / "large.mp4", *H264)
    padding = 65 * MEBIBYTE
    with source.open("ab") as file:
        file.write(padding.to_bytes(4) + b"free" + bytes(padding - 8))
    assert source.stat().st_size > LIMITS["video"]
    prepared = await sender.prepare("video", source)
    assert prepared.size < 16 * MEBIBYTE
    assert prepared.probe(sender.folder)["video"]["profile"] == "Main"


async def test_busy_video_gets_the_size_that_phones_load(sender: Sender) -> None:
    """At its own quality it would be larger than what is aimed at."""
    noise = "nullsrc=size=480x360:rate=5,geq=lum='random(1)*255':cb=128:cr=128"
    source = ffmpeg(
        sender.folder / "noise.avi",
        *("-f", "lavfi", "-i", noise, "-t", "4", "-c:v", "mjpeg", "-q:v", "8"),
    )
    looped = ffmpeg(sender.folder / "long.avi", "-stream_loop", "7", "-i", str(source), "-c", "copy")
    prepared = await sender.prepare("video", looped)
    assert 8 * MEBIBYTE < prepared.size <= 16 * MEBIBYTE
    assert prepared.content["seconds"] == pytest.approx(32, abs=1)


async def test_video_that_cannot_fit(sender: Sender) -> None:
    source = ffmpeg(
        sender.folder / "days.mkv",
        *("-f", "lavfi", "-i", "color=size=64x64:rate=1/1000", "-t", "20000", "-c:v", "mpeg4", "-r", "1/1000"),
    )
    error = await sender.refused("video", source)
    assert (type(error), error.translation_key) == (ServiceValidationError, "video_too_long")


async def test_video_that_does_not_say_how_long_it_is(sender: Sender) -> None:
    """As a camera streams it."""
    source = sender.folder / "stream.mkv"
    command = ["ffmpeg", "-v", "error", *PICTURE, "-t", "2", "-c:v", "mpeg4", "-f", "matroska", "-live", "1", "-"]
    source.write_bytes(subprocess.run(command, check=True, capture_output=True).stdout)  # noqa: ASYNC221
    assert "duration" not in ffprobe(source)["format"]
    prepared = await sender.prepare("video", source)
    assert prepared.content["seconds"] == pytest.approx(2, abs=0.2)


async def test_gif_has_no_sound(sender: Sender) -> None:
    prepared = await sender.prepare("video", _film(sender.folder / "a.mp4", *H264), gif=True)
    assert prepared.content["gif"] is True
    assert "audio" not in prepared.probe(sender.folder)
    silent = ffmpeg(sender.folder / "silent.mp4", *PICTURE, "-t", "1", *H264)
    assert (await sender.prepare("video", silent, gif=True)).as_it_is


@pytest.mark.parametrize("kind", ["video", "auto"])
async def test_gif_becomes_a_video(sender: Sender, kind: str) -> None:
    source = ffmpeg(sender.folder / "a.gif", "-f", "lavfi", "-i", "testsrc2=size=101x77:rate=10", "-t", "1")
    prepared = await sender.prepare(kind, source, gif=kind == "video")
    assert prepared.content["gif"] is True
    video = prepared.probe(sender.folder)["video"]
    assert (video["codec_name"], video["width"], video["height"]) == ("h264", 100, 76)
    assert prepared.content["seconds"] == pytest.approx(1, abs=0.1)


async def test_gif_that_does_not_move_is_a_picture(sender: Sender) -> None:
    assert (await sender.prepare("auto", picture(sender.folder / "a.gif"))).content["kind"] == "image"


async def test_video_seen_once_has_no_thumbnail(sender: Sender) -> None:
    content = (await sender.prepare("video", _film(sender.folder / "a.mp4", *H264), view_once=True)).content
    assert content["view_once"] is True
    assert "thumbnail" not in content


async def test_file_without_picture(sender: Sender) -> None:
    sound = ffmpeg(sender.folder / "a.mp4", *SOUND, "-t", "1")
    text = sender.folder / "film.mp4"
    text.write_text("Once upon a time")
    for source in (sound, text, picture(sender.folder / "a.jpg")):
        error = await sender.refused("video", source)
        assert (type(error), error.translation_key) == (ServiceValidationError, "not_a_video")


async def test_video_that_breaks_off(sender: Sender) -> None:
    """It says how long it would be, and all but its start was never written."""
    source = _film(sender.folder / "a.mp4", *H264, "-movflags", "+faststart", seconds="3")
    content = source.read_bytes()
    data = content.index(b"mdat")
    source.write_bytes(content[: data + (len(content) - data) // 6])
    prepared = await sender.prepare("video", source)
    assert prepared.as_it_is
    assert thumbnail(prepared.content).size == (160, 120)
    source.write_bytes(content[: data + 200])
    assert (await sender.refused("video", source)).translation_key == "ffmpeg_failed"


async def test_list_of_files_is_no_video(sender: Sender, tmp_path: Path) -> None:
    """ffmpeg would read what a playlist names: a file that Home Assistant may read, and nobody else."""
    secret = _film(tmp_path / "secret.ts", *H264)
    for name, text in (
        ("a.m3u8", f"#EXTM3U\n#EXT-X-TARGETDURATION:2\n#EXTINF:2,\nfile://{secret}\n#EXT-X-ENDLIST\n"),
        ("a.ffconcat", f"ffconcat version 1.0\nfile '{secret}'\n"),
    ):
        source = sender.folder / name
        source.write_text(text)
        assert (await sender.refused("video", source)).translation_key == "not_a_video"


async def test_name_is_no_option(sender: Sender) -> None:
    source = _film(sender.folder / "a.mp4", *H264)
    odd = source.rename(sender.folder / "-f lavfi 'x' %03d.mp4")
    assert (await sender.prepare("video", odd)).as_it_is


async def test_bomb(sender: Sender) -> None:
    source = sender.folder / "bomb.avi"
    still = sender.folder / "huge.png"
    Image.new("1", (12_000, 12_000)).save(still)
    ffmpeg(source, "-i", str(still), "-c:v", "copy")
    assert source.stat().st_size < MEBIBYTE
    assert (await sender.refused("video", source)).translation_key == "not_a_video"
