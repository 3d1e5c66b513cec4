"""stub"""


def split_html(html: str) -> tuple[str, str]:
    return html, ""
