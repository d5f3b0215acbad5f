"""The growth of time with the number of resources, as an SVG picture with two logarithmic axes."""

import math
from xml.sax.saxutils import escape

WIDTH, HEIGHT = 680, 460
LEFT, RIGHT, TOP, BOTTOM = 75, 40, 50, 55
COLOURS = ("#0b6e4f", "#c8553d", "#35669e")


def growth(title, series):
    """`series` has for each program its points: pairs of a number of resources and CPU seconds."""
    points = [point for line in series.values() for point in line]
    across = Axis([x for x, _ in points], LEFT, WIDTH - RIGHT)
    up = Axis([y for _, y in points], HEIGHT - BOTTOM, TOP)
    parts = [f'<text x="{LEFT}" y="26" font-size="16" font-weight="bold">{escape(title)}</text>']
    parts += [vertical(across.place(x), label(x)) for x in across.decades()]
    parts += [horizontal(up.place(y), seconds(y)) for y in up.decades()]
    parts.append(text(LEFT + (WIDTH - LEFT - RIGHT) / 2, HEIGHT - 12, "resources", "middle"))
    for colour, (name, line) in zip(COLOURS, series.items()):
        parts += drawn(name, [(across.place(x), up.place(y)) for x, y in line], colour)
    return "\n".join([
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" width="{WIDTH}" height="{HEIGHT}" '
        'font-family="system-ui, sans-serif" font-size="13" fill="#222">',
        f'<rect width="{WIDTH}" height="{HEIGHT}" fill="#fff"/>',
        *parts,
        "</svg>\n",
    ])


class Axis:
    """Whole powers of ten around the values, spread between two coordinates."""

    def __init__(self, values, begin, end):
        self.low, self.high = math.floor(math.log10(min(values))), math.ceil(math.log10(max(values)))
        self.begin, self.end = begin, end

    def place(self, value):
        return self.begin + (math.log10(value) - self.low) / (self.high - self.low) * (self.end - self.begin)

    def decades(self):
        return [10.0**exponent for exponent in range(self.low, self.high + 1)]


def drawn(name, places, colour):
    path = " ".join(f"{x:.1f},{y:.1f}" for x, y in places)
    dots = [f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3.5" fill="{colour}"/>' for x, y in places]
    line = f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="2"/>'
    x, y = places[-1]
    return [line, *dots, f'<text x="{x + 10:.1f}" y="{y + 4:.1f}" fill="{colour}" font-weight="bold">{escape(name)}</text>']


def vertical(x, name):
    line = f'<line x1="{x:.1f}" y1="{TOP}" x2="{x:.1f}" y2="{HEIGHT - BOTTOM}" stroke="#ddd"/>'
    return line + text(x, HEIGHT - BOTTOM + 20, name, "middle")


def horizontal(y, name):
    line = f'<line x1="{LEFT}" y1="{y:.1f}" x2="{WIDTH - RIGHT}" y2="{y:.1f}" stroke="#ddd"/>'
    return line + text(LEFT - 8, y + 4, name, "end")


def text(x, y, words, anchor):
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}">{escape(words)}</text>'


def label(number):
    return f"{number:,.0f}"


def seconds(value):
    return f"{value:,.0f} s" if value >= 1 else f"{value * 1000:g} ms"
