"""Pictures and stickers, as they are made ready for WhatsApp."""

from contextlib import suppress
from random import Random

from homeassistant.exceptions import ServiceValidationError
from PIL import Image, ImageCms
import pytest

from custom_components.whatsapp.bridge.protocol import LIMIT_THUMBNAIL_CHARS
from custom_components.whatsapp.media.limits import LIMITS
from tests.support.media import Sender, ffmpeg, grey, noise, picture, pixel, thumbnail

UPSIDE_DOWN = 3
QUARTER_TURN = 6
NOISE = "nullsrc=size=256x256:rate=10,geq=lum='random(1)*255':cb='random(2)*255':cr='random(3)*255'"


def _exif(orientation: int) -> Image.Exif:
    exif = Image.Exif()
    exif[0x0112] = orientation
    exif.get_ifd(0x8825)[1] = "N"
    exif.get_ifd(0x8825)[2] = (52.0, 31.0, 12.0)
    return exif


async def test_jpeg_stays_as_it_is(sender: Sender) -> None:
    prepared = await sender.prepare("image", picture(sender.folder / "door.jpg", (640, 480)), caption="Door")
    assert prepared.as_it_is
    content = prepared.content
    assert content["kind"] == "image"
    assert (content["width"], content["height"], content["caption"]) == (640, 480, "Door")
    small = thumbnail(content)
    assert small.size == (160, 120)
    assert grey(small, 10, 60) < 16
    assert grey(small, 150, 60) > 239


@pytest.mark.parametrize(
    ("name", "mode"),
    [
        ("a.png", "RGB"),
        ("a.png", "P"),
        ("a.png", "L"),
        ("a.png", "1"),
        ("a.png", "I;16"),
        ("a.webp", "RGB"),
        ("a.gif", "P"),
        ("a.bmp", "RGB"),
        ("a.tiff", "RGB"),
        ("a.tiff", "CMYK"),
        ("a.avif", "RGB"),
        ("cmyk.jpg", "CMYK"),
    ],
)
async def test_other_pictures_become_jpeg(sender: Sender, name: str, mode: str) -> None:
    if mode == "I;16":
        source = sender.folder / name
        deep = Image.new("I;16", (320, 240))
        deep.paste(65535, (160, 0, 320, 240))
        deep.save(source)
    else:
        source = picture(sender.folder / name, mode=mode)
    prepared = await sender.prepare("image", source)
    assert not prepared.as_it_is
    image = prepared.image
    assert (image.format, image.size, image.mode in ("RGB", "L")) == ("JPEG", (320, 240), True)
    assert grey(image, 40, 120) < 16
    assert grey(image, 280, 120) > 239
    assert thumbnail(prepared.content).size == (160, 120)


async def test_transparent_becomes_white(sender: Sender) -> None:
    source = sender.folder / "icon.png"
    image = Image.new("RGBA", (64, 64), (255, 0, 0, 0))
    image.paste((0, 0, 255, 255), (0, 0, 32, 64))
    image.save(source)
    prepared = await sender.prepare("image", source)
    assert grey(prepared.image, 60, 32) > 245
    red, _, blue, _ = pixel(prepared.image, 4, 32)
    assert blue > 240
    assert red < 16


async def test_picture_is_turned_upright_and_does_not_tell_where_it_was_taken(sender: Sender) -> None:
    source = picture(sender.folder / "phone.jpg", (400, 200), exif=_exif(QUARTER_TURN))
    prepared = await sender.prepare("image", source)
    assert (prepared.content["width"], prepared.content["height"]) == (200, 400)
    assert prepared.image.size == (200, 400)
    assert not prepared.image.getexif()
    assert b"Exif" not in prepared.data
    # What was on the left is above.
    assert grey(prepared.image, 100, 20) < 16
    assert grey(thumbnail(prepared.content), 40, 10) < 16


async def test_comment_is_left_out(sender: Sender) -> None:
    source = picture(sender.folder / "a.jpg", comment=b"made at 52.5 N, 13.4 E")
    prepared = await sender.prepare("image", source)
    assert b"made at" not in prepared.data


async def test_colours_are_kept(sender: Sender) -> None:
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    source = picture(sender.folder / "wide.png", icc_profile=profile)
    prepared = await sender.prepare("image", source)
    assert prepared.image.info["icc_profile"] == profile


async def test_large_picture_is_scaled_down(sender: Sender) -> None:
    source = picture(sender.folder / "poster.png", (6000, 3000))
    prepared = await sender.prepare("image", source)
    assert prepared.image.size == (4096, 2048)
    assert (prepared.content["width"], prepared.content["height"]) == (4096, 2048)


async def test_heavy_picture_is_made_lighter(sender: Sender) -> None:
    source = noise(sender.folder / "noise.jpg", (3000, 3000), quality=100, subsampling=0)
    assert source.stat().st_size > LIMITS["image"]
    prepared = await sender.prepare("image", source)
    assert prepared.size <= LIMITS["image"]
    assert prepared.image.size == (3000, 3000)
    assert len(prepared.content["thumbnail"]) <= LIMIT_THUMBNAIL_CHARS


async def test_what_is_seen_once_has_no_thumbnail(sender: Sender) -> None:
    content = (await sender.prepare("image", picture(sender.folder / "a.jpg"), view_once=True)).content
    assert content["view_once"] is True
    assert "thumbnail" not in content


async def test_text_that_is_called_picture(sender: Sender) -> None:
    source = sender.folder / "note.jpg"
    source.write_text("This is no picture.")
    assert (await sender.refused("image", source)).translation_key == "not_an_image"


async def test_half_a_picture(sender: Sender) -> None:
    source = noise(sender.folder / "half.jpg", (200, 200))
    source.write_bytes(source.read_bytes()[:10_000])
    assert (await sender.refused("image", source)).translation_key == "image_damaged"


@pytest.mark.parametrize("name", ["a.jpg", "a.png", "a.gif", "a.webp", "a.bmp", "a.tiff", "a.avif", "moving.gif"])
async def test_damaged_picture_is_refused_or_sent_and_nothing_else(sender: Sender, name: str) -> None:
    source = sender.folder / name
    whole = picture(source, (60, 40))
    if name == "moving.gif":
        other = Image.open(picture(sender.folder / "b.png"))
        Image.new("RGB", (60, 40)).save(whole, save_all=True, append_images=[other])
    content, random = whole.read_bytes(), Random(7)  # noqa: S311
    for _ in range(15):
        damaged = bytearray(content)
        for _ in range(random.choice((1, 4, 16))):
            damaged[random.randrange(len(damaged))] = random.randrange(256)
        source.write_bytes(damaged[: random.randrange(1, len(damaged))] if random.random() < 0.3 else damaged)
        for kind in ("image", "sticker"):
            with suppress(ServiceValidationError):
                await sender.prepare(kind, source)


async def test_heic(sender: Sender) -> None:
    source = sender.folder / "iphone.jpg"
    source.write_bytes(b"\0\0\0\x24ftypheic\0\0\0\0mif1heic")
    assert (await sender.refused("image", source)).translation_key == "image_heic"
    assert (await sender.refused("sticker", source)).translation_key == "image_heic"


@pytest.mark.parametrize("kind", ["image", "sticker"])
@pytest.mark.parametrize("size", [(9000, 9000), (20_000, 20_000)])
async def test_bomb(sender: Sender, kind: str, size: tuple[int, int]) -> None:
    """Few bytes, hundreds of megabytes of picture."""
    source = sender.folder / "bomb.png"
    Image.new("1", size).save(source)
    assert source.stat().st_size < 100_000
    error = await sender.refused(kind, source)
    assert error.translation_key == "image_too_many_pixels"


async def test_sticker(sender: Sender) -> None:
    prepared = await sender.prepare("sticker", picture(sender.folder / "wide.jpg", (200, 100)))
    assert prepared.content == {"kind": "sticker", "ticket": "", "width": 512, "height": 512, "animated": False}
    image = prepared.image
    assert (image.format, image.size) == ("WEBP", (512, 512))
    assert prepared.size <= 100_000
    assert pixel(image, 256, 10)[3] == 0
    assert pixel(image, 10, 256)[3] == 255


async def test_sticker_is_upright(sender: Sender) -> None:
    source = picture(sender.folder / "phone.jpg", (400, 200), exif=_exif(UPSIDE_DOWN))
    assert grey((await sender.prepare("sticker", source)).image, 40, 256) > 239


async def test_heavy_sticker(sender: Sender) -> None:
    prepared = await sender.prepare("sticker", noise(sender.folder / "noise.png", (600, 600)))
    assert prepared.size <= 100_000
    assert prepared.image.size == (512, 512)


@pytest.mark.parametrize("name", ["moving.gif", "moving.webp", "moving.png"])
async def test_moving_sticker(sender: Sender, name: str) -> None:
    frames = [Image.new("RGB", (100, 100), colour) for colour in ("red", "green", "blue")]
    source = sender.folder / name
    frames[0].save(source, save_all=True, append_images=frames[1:], duration=200, loop=0)
    prepared = await sender.prepare("sticker", source)
    assert prepared.content["animated"] is True
    image = prepared.image
    assert (image.size, getattr(image, "n_frames", 1)) == ((512, 512), 3)
    image.seek(1)
    image.load()
    assert image.info["duration"] == 200
    red, green, blue, _ = pixel(image, 256, 256)
    assert green > red + blue


async def test_long_and_fast_sticker_is_cut(sender: Sender) -> None:
    source = ffmpeg(
        sender.folder / "long.gif", "-f", "lavfi", "-i", "testsrc2=size=256x256:rate=50", "-t", "12", "-loop", "0"
    )
    prepared = await sender.prepare("sticker", source)
    assert prepared.size <= 500_000
    image = prepared.image
    total = 0
    for frame in range(getattr(image, "n_frames", 1)):
        image.seek(frame)
        image.load()
        total += image.info["duration"]
    assert 9_000 <= total <= 10_100


async def test_sticker_that_never_fits(sender: Sender) -> None:
    source = ffmpeg(sender.folder / "noise.gif", "-f", "lavfi", "-i", NOISE, "-t", "8", "-loop", "0")
    assert (await sender.refused("sticker", source)).translation_key == "sticker_too_large"


async def test_moving_bomb(sender: Sender) -> None:
    source = ffmpeg(sender.folder / "bomb.gif", "-f", "lavfi", "-i", "color=size=4000x4000:rate=25", "-t", "2")
    assert source.stat().st_size < 1_000_000
    assert (await sender.refused("sticker", source)).translation_key == "image_too_many_pixels"


async def test_moving_picture_stands_still_as_image(sender: Sender) -> None:
    frames = [Image.new("RGB", (100, 100), colour) for colour in ("red", "blue")]
    source = sender.folder / "a.gif"
    frames[0].save(source, save_all=True, append_images=frames[1:])
    red, _, blue, _ = pixel((await sender.prepare("image", source)).image, 50, 50)
    assert red > blue
