"""browser.py PAGE [--width N]... [--keep FOLDER]: opens a page in headless Chromium and prints what is wrong with it, a fault a line; ends with 1 if
anything is. --keep: a screenshot of each width, and the page printed on A4.

Speaks the DevTools protocol over Chromium's own pipe (descriptors 3 and 4, messages end with a NUL byte), so it needs nothing but Python."""
import argparse, base64, fcntl, json, os, pathlib, select, shutil, subprocess, sys, tempfile, time

A4_WIDTH = 718  # pixels between margins of 1 cm

AUDIT = """(() => {
  const faults = [];
  const say = (what, where) => faults.push(`${what}: ${where.outerHTML.slice(0, 160)}`);
  for (const image of document.images) {
    if (!image.alt.trim()) say('no alternative text', image);
    if (!image.complete || image.naturalWidth === 0) say('a picture that cannot be shown', image);
  }
  for (const chart of document.querySelectorAll('svg')) {
    if (chart.getAttribute('role') !== 'img' || !(chart.getAttribute('aria-label') || '').trim()) say('no alternative text', chart);
    const frame = chart.getBoundingClientRect();
    if (frame.width === 0) continue;  // folded away
    const texts = [...chart.querySelectorAll('text')].map((text) => [text, text.getBoundingClientRect()]);
    const inside = (box) => box.left >= frame.left - 1 && box.right <= frame.right + 1 && box.top >= frame.top - 2 && box.bottom <= frame.bottom + 2;
    texts.filter(([text, box]) => !inside(box)).forEach(([text]) => say('words beyond their chart', text));
    const ticks = texts.filter(([text]) => text.classList.contains('tick'));
    const meet = (a, b) => a.left < b.right && b.left < a.right && a.top + 3 < b.bottom && b.top + 3 < a.bottom;
    ticks.forEach(([text, box], i) => { if (ticks.slice(i + 1).some(([other, its]) => meet(box, its))) say('words over words', text); });
    const size = parseFloat(getComputedStyle(chart).fontSize) * frame.width / chart.viewBox.baseVal.width;
    if (size < 8) say(`words of ${size.toFixed(1)} pixels`, chart);
  }
  for (const table of document.querySelectorAll('table')) {
    if (!table.caption || !table.caption.textContent.trim()) say('no caption', table);
  }
  return faults;
})()"""

WIDER = "document.documentElement.scrollWidth"
CUT_OFF = """[...document.querySelectorAll('.scroll, pre')].filter((box) => box.scrollWidth > box.clientWidth + 1)
  .map((box) => `cut off in print, ${box.scrollWidth} of ${box.clientWidth} pixels: ${box.innerHTML.slice(0, 160)}`)"""


class Browser:
    def __init__(self, program, folder):
        to_browser, self.out = os.pipe()
        self.source, from_browser = os.pipe()
        theirs = [fcntl.fcntl(end, fcntl.F_DUPFD, 10) for end in (to_browser, from_browser)]
        self.process = subprocess.Popen(
            ["bash", "-c", f'exec "$@" 3<&{theirs[0]} 4>&{theirs[1]}', "-", program, "--headless", "--no-sandbox", "--disable-gpu",
             "--disable-dev-shm-usage", "--hide-scrollbars", "--no-first-run", f"--user-data-dir={folder}", "--remote-debugging-pipe", "about:blank"],
            pass_fds=theirs, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        for end in [to_browser, from_browser] + theirs:
            os.close(end)
        self.last, self.unread, self.session, self.events = 0, b"", None, []
        target = self.ask("Target.createTarget", url="about:blank")["targetId"]
        self.session = self.ask("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        for domain in ("Page", "Runtime", "Log", "Network"):
            self.ask(domain + ".enable")

    def message(self, deadline):
        while b"\0" not in self.unread:
            ready, _, _ = select.select([self.source], [], [], max(0, deadline - time.monotonic()))
            more = os.read(self.source, 1 << 20) if ready else b""
            if not more:
                raise SystemExit("browser.py: Chromium " + ("ended" if ready else "says nothing"))
            self.unread += more
        one, self.unread = self.unread.split(b"\0", 1)
        return json.loads(one)

    def ask(self, method, **parameters):
        self.last += 1
        request = {"id": self.last, "method": method, "params": parameters}
        if self.session:
            request["sessionId"] = self.session
        os.write(self.out, json.dumps(request).encode() + b"\0")
        answer = self.until(lambda message: message.get("id") == self.last)
        if "error" in answer:
            raise SystemExit(f"browser.py: {method}: {answer['error']}")
        return answer["result"]

    def until(self, wanted):
        deadline = time.monotonic() + 60
        while True:
            message = self.message(deadline)
            if "method" in message:
                self.events.append(message)
            if wanted(message):
                return message

    def value(self, expression):
        answer = self.ask("Runtime.evaluate", expression=expression, returnByValue=True)
        if "exceptionDetails" in answer:
            raise SystemExit(f"browser.py: {answer['exceptionDetails']}")
        return answer["result"]["value"]

    def show(self, address, width):
        self.ask("Emulation.setDeviceMetricsOverride", width=width, height=900, deviceScaleFactor=1, mobile=False)
        self.ask("Page.navigate", url=address)
        self.until(lambda message: message.get("method") == "Page.loadEventFired")

    def close(self):
        self.process.kill()
        self.process.wait()


def event_faults(events, address):
    """What went wrong while the page was loaded, and what it would fetch besides itself."""
    for event in events:
        method, said = event["method"], event["params"]
        if method == "Runtime.exceptionThrown":
            yield "console: " + said["exceptionDetails"]["text"]
        elif method == "Runtime.consoleAPICalled" and said["type"] in ("error", "warning", "assert"):
            yield "console: " + str([one.get("value") for one in said["args"]])
        elif method == "Log.entryAdded" and said["entry"]["level"] in ("error", "warning"):
            yield "console: " + said["entry"]["text"]
        elif method == "Network.requestWillBeSent" and not said["request"]["url"].startswith(("data:", address)):
            yield "outside request: " + said["request"]["url"]


def audit(browser, address, widths, keep):
    faults = []
    for width in widths:
        browser.show(address, width)
        faults += [f"{width} pixels wide: {fault}" for fault in browser.value(AUDIT)]
        if (needed := browser.value(WIDER)) > width:
            faults.append(f"{width} pixels wide: the page is {needed} wide")
        if keep:
            height = browser.value("document.documentElement.scrollHeight")
            clip = {"x": 0, "y": 0, "width": width, "height": height, "scale": 1}
            picture = browser.ask("Page.captureScreenshot", clip=clip, captureBeyondViewport=True)["data"]
            (keep / f"{width}.png").write_bytes(base64.b64decode(picture))
    browser.ask("Emulation.setEmulatedMedia", media="print")
    browser.show(address, A4_WIDTH)
    faults += browser.value(CUT_OFF)
    if keep:
        printed = browser.ask("Page.printToPDF", paperWidth=8.27, paperHeight=11.69, printBackground=True)["data"]
        (keep / "a4.pdf").write_bytes(base64.b64decode(printed))
    return list(dict.fromkeys(faults + list(event_faults(browser.events, address))))


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("page", type=pathlib.Path)
    parser.add_argument("--width", type=int, action="append")
    parser.add_argument("--keep", type=pathlib.Path)
    options = parser.parse_args()
    if options.keep:
        options.keep.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        browser = Browser(shutil.which("chromium"), folder)
        try:
            faults = audit(browser, options.page.resolve().as_uri(), options.width or [1280, 390], options.keep)
        finally:
            browser.close()
    print("\n".join(faults) or "nothing is wrong with the page")
    sys.exit(1 if faults else 0)


if __name__ == "__main__":
    main()
