"""What MkDocs is asked to do besides: formulas become MathML, and `[help: cut]` a command's help.

Both are done when the pages are built, so that reading them needs no script from elsewhere.
"""

import contextlib
import html
import io
import os
import re

from latex2mathml.converter import convert

from napari_ncut.cli import main

INLINE = re.compile(r'<span class="arithmatex">\\\((.*?)\\\)</span>', re.DOTALL)
BLOCK = re.compile(r'<div class="arithmatex">\\\[(.*?)\\\]</div>', re.DOTALL)
HELP = re.compile(r"^\[help: (\w*)\]$", re.MULTILINE)


def on_page_markdown(markdown, **kwargs):
    return HELP.sub(lambda found: f"```text\n{help_of(found[1])}\n```", markdown)


def on_page_content(content, **kwargs):
    content = INLINE.sub(lambda found: mathml(found[1], "inline"), content)
    return BLOCK.sub(lambda found: mathml(found[1], "block"), content)


def mathml(latex, display):
    return convert(html.unescape(latex).strip(), display=display)


def help_of(command):
    out = io.StringIO()
    # A terminal as wide as a page, without colours.
    os.environ |= {"COLUMNS": "76", "NO_COLOR": "1", "TERM": "dumb"}
    with contextlib.redirect_stdout(out):
        main([command, "--help"] if command else ["--help"])
    return "\n".join(line.rstrip() for line in out.getvalue().splitlines()).strip()
