"""QR codes as images for a dialog."""

from base64 import b64encode
from io import BytesIO

import segno


def draw_qr(text: str) -> str:
    """Return the QR code of a text as the data URI of an SVG.

    It has a white ground and a quiet zone of four modules, so that it scans in a dark theme too. This is CPU work of
    more than five milliseconds: not for the event loop.

    Raises:
        ValueError: the text is too long for a QR code.

    """
    svg = BytesIO()
    code = segno.make_qr(text, error="l", boost_error=False)
    code.save(svg, kind="svg", scale=4, border=4, light="#fff", xmldecl=False, svgclass=None, lineclass=None, nl=False)
    return f"data:image/svg+xml;base64,{b64encode(svg.getvalue()).decode()}"
