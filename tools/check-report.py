"""Looks at the reports in a folder with headless Chromium; called by tools/check-report."""

import pathlib
import re
import struct
import sys

from playwright.sync_api import sync_playwright

folder = pathlib.Path(sys.argv[1]).resolve()
pictures = folder / "pictures"
pictures.mkdir()
findings = []

# Shared by the checks: what is seen, and the boxes of texts in a chart.
COMMON = """
const seen = (element) => element.checkVisibility();
const name = (element) => element.tagName + ' "' + (element.textContent || element.alt || '')
  .trim().slice(0, 60) + '"';
const scrolls = (element) => element.closest('.scroll');
// A turned text's box is turned, too; letters leave some of their line free.
const boxes = (svg) => [...svg.querySelectorAll('text')].filter((text) => text.textContent.trim())
  .map((text) => {
    const box = text.getBoundingClientRect();
    const turned = text.hasAttribute('transform');
    const [x, y] = turned ? [box.width * 0.15, 0] : [0, box.height * 0.15];
    return {text, left: box.left + x, right: box.right - x, top: box.top + y,
      bottom: box.bottom - y};
  });
const chart = (svg, label) => {
  const found = [], all = boxes(svg), frame = svg.getBoundingClientRect();
  for (const box of all)
    if (box.left < frame.left - 1 || box.right > frame.right + 1 || box.top < frame.top - 1
      || box.bottom > frame.bottom + 1)
      found.push(label + ': cut off: ' + name(box.text));
  all.forEach((a, index) => all.slice(index + 1).forEach((b) => {
    if (a.left < b.right - 1 && b.left < a.right - 1 && a.top < b.bottom - 1
      && b.top < a.bottom - 1)
      found.push(label + ': overlap: ' + name(a.text) + ' and ' + name(b.text));
  }));
  return found;
};
"""

PAGE = """() => {
%s
const found = [];
const width = document.documentElement.clientWidth;
if (document.documentElement.scrollWidth > width)
  found.push('the page is ' + document.documentElement.scrollWidth + ' wide in ' + width);
for (const element of document.body.querySelectorAll('*')) {
  if (!seen(element) || element.closest('svg') && element.tagName !== 'svg') continue;
  const box = element.getBoundingClientRect();
  const outside = element.parentElement.closest('.scroll, pre');
  if (!outside && box.width > 0 && (box.right > width + 1 || box.left < -1))
    found.push('beyond the edge: ' + name(element));
}
for (const image of document.images)
  if (!image.complete || image.naturalWidth === 0) found.push('not loaded: ' + name(image));
for (const image of document.images)
  if (!image.alt) found.push('without words: ' + image.src.slice(0, 40));
for (const svg of document.querySelectorAll('svg.chart'))
  if (seen(svg)) found.push(...chart(svg, svg.querySelector('title').textContent));
const ids = [...document.querySelectorAll('[id]')].map((element) => element.id);
if (new Set(ids).size !== ids.length) found.push('an id is there twice');

// Contrast of texts with what is behind them (WCAG 2.1).
const canvas = document.createElement('canvas').getContext('2d', {willReadFrequently: true});
canvas.canvas.width = canvas.canvas.height = 1;
const over = (colours) => {
  canvas.clearRect(0, 0, 1, 1);
  for (const colour of colours) { canvas.fillStyle = colour; canvas.fillRect(0, 0, 1, 1); }
  return [...canvas.getImageData(0, 0, 1, 1).data].slice(0, 3);
};
const luminance = (colour) => {
  const [red, green, blue] = colour.map((level) => {
    const part = level / 255;
    return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
};
const behind = (element) => {
  const colours = [];
  for (let at = element; at; at = at.parentElement)
    colours.unshift(getComputedStyle(at).backgroundColor);
  return colours;
};
for (const element of document.body.querySelectorAll('*')) {
  const isText = [...element.childNodes].some((node) => node.nodeType === 3
    && node.textContent.trim());
  if (!isText || !seen(element) || ['SCRIPT', 'TITLE'].includes(element.tagName.toUpperCase()))
    continue;
  let back = behind(element), ink = getComputedStyle(element).color;
  if (element.closest('svg')) {
    if (element.classList.contains('value')) continue;
    back = [getComputedStyle(element.closest('svg').querySelector('.page')).fill];
    ink = getComputedStyle(element).fill;
  }
  const [a, b] = [luminance(over([...back, ink])), luminance(over(back))];
  const contrast = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
  if (contrast < 4.5) found.push('contrast ' + contrast.toFixed(1) + ': ' + name(element));
}
if (window.hurt) found.push('a script of a file was run');
return found;
}""" % COMMON

FILE = "() => {%s return chart(document.querySelector('svg'), 'chart'); }" % COMMON

UNFOLD = """(open) => {
  for (const element of document.querySelectorAll('details')) element.open = open;
}"""

# Pixels of a report of nine runs, at the width of a desk.
LONGEST = 6000

VISIBLE = "(frames) => frames.filter((frame) => frame.checkVisibility()).length"


def look(browser, path, *, width, scheme, scripts=True, motion="no-preference", then=None):
    """Opens a page, and says what is wrong with it."""
    label = f"{path.stem}-{width}-{scheme}" + ("" if scripts else "-without-scripts")
    said = []
    context = browser.new_context(
        viewport={"width": width, "height": 900 if width > 600 else 780},
        device_scale_factor=2 if width < 600 else 1,
        color_scheme=scheme,
        reduced_motion=motion,
        java_script_enabled=scripts,
    )
    page = context.new_page()
    page.on("console", lambda message: said.append(f"console: {message.type}: {message.text}"))
    page.on("pageerror", lambda error: said.append(f"error: {error}"))
    page.on("dialog", lambda dialog: (said.append("a dialog opens"), dialog.dismiss()))

    def requested(request):
        if request.url != path.as_uri() and not request.url.startswith("data:"):
            said.append(f"request: {request.url[:200]}")

    page.on("request", requested)
    page.goto(path.as_uri(), wait_until="load")
    if then:
        said += then(page)
    if path.suffix == ".html":
        page.screenshot(path=pictures / f"{label}.png", full_page=True)
    context.close()
    findings.extend(f"{label}: {what}" for what in said)


def check(page):
    """Of the page as it is delivered, and of all that it folds."""
    found = page.evaluate(PAGE)
    page.evaluate(UNFOLD, True)
    found += page.evaluate(PAGE)
    page.evaluate(UNFOLD, False)
    return found


def check_length(page):
    """A reader of nine runs sees a page, and a link opens what is folded."""
    found = check(page)
    height = page.evaluate("document.documentElement.scrollHeight")
    if height > LONGEST:
        found.append(f"the page is {height} high, more than {LONGEST}")
    link = page.locator("nav a", has_text="Run ").first
    link.click()
    if page.locator("details.chapter[open]").count() != 1:
        found.append("a link does not open its chapter")
    page.evaluate(UNFOLD, False)
    return found


def check_film(page):
    """The film starts when it is asked to, ends at its last frame, and follows the slider."""
    found = check(page)
    film = page.locator(".film")
    if film.count() == 0:
        return found + ["there is no film"]
    button, label = film.locator("button"), film.locator("output")
    slider, frames = film.locator("input"), film.locator("img")
    last = label.text_content()
    slider.fill("0")
    if label.text_content() == last or not frames.nth(0).is_visible():
        found.append("the slider does not move the film")
    button.click()
    if button.text_content() != "Pause":
        found.append("the button does not start the film")
    page.wait_for_timeout(500)
    if frames.nth(0).is_visible():
        found.append("the film does not move")
    # Its last frames are enough to see it end.
    slider.fill(str(frames.count() - 3))
    button.click()
    page.wait_for_timeout(1000)
    if label.text_content() != last or button.text_content() != "Play":
        found.append("the film does not come to its end")
    if frames.evaluate_all(VISIBLE) != 1:
        found.append("not one frame is seen")
    return found


def check_still(page):
    hidden = page.locator(".film button").is_hidden()
    return [] if hidden else ["with reduced motion there is a button that moves things"]


def check_without_scripts(page):
    frames = page.locator(".film img")
    seen = [index for index in range(frames.count()) if frames.nth(index).is_visible()]
    found = [] if seen == [frames.count() - 1] else [f"without scripts frames {seen} are seen"]
    if page.locator(".film .controls").is_visible():
        found.append("without scripts there are controls that do nothing")
    return found


with sync_playwright() as playwright:
    browser = playwright.chromium.launch(
        executable_path="/usr/bin/chromium",
        args=["--no-sandbox", "--host-resolver-rules=MAP * ~NOTFOUND", "--disable-gpu"],
    )
    reports = sorted(folder.glob("*.html"))
    for report in reports:
        for width in [360, 390, 1280]:
            for scheme in ["light", "dark"]:
                then = check_film if report.stem == "run" else check
                if report.stem == "nine" and width > 600:
                    then = check_length
                look(browser, report, width=width, scheme=scheme, then=then)
    run = folder / "run.html"
    look(browser, run, width=390, scheme="light", motion="reduce", then=check_still)
    look(
        browser, run, width=390, scheme="light", scripts=False, then=check_without_scripts
    )
    for chart in sorted(folder.glob("*/*.svg")):
        look(browser, chart, width=1280, scheme="dark", then=lambda page: page.evaluate(FILE))
    browser.close()

# Charts as PNG: two pixels for each of the SVG's.
for chart in sorted(folder.glob("smoothing/*.svg")):
    expected = [2 * float(n) for n in re.findall(r' (?:width|height)="([0-9.]+)"', chart.read_text())[:2]]
    for theme in ["light", "dark"]:
        size = struct.unpack(">II", chart.with_name(f"{chart.stem}-{theme}.png").read_bytes()[16:24])
        if any(abs(a - b) > 1 for a, b in zip(size, expected)):
            findings.append(f"{chart.stem}-{theme}.png: {size} pixels, not {expected}")

for finding in findings:
    print(finding)
print(f"{len(reports)} reports, {len(findings)} findings", file=sys.stderr)
sys.exit(1 if findings else 0)
