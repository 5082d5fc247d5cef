"""As much of S3's protocol as reading needs, over one folder whose folders are buckets. Signatures are ignored."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from email.utils import formatdate
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs, unquote, urlsplit
from xml.sax.saxutils import escape


@contextmanager
def s3_server(root: Path) -> Iterator[tuple[str, list[tuple[str, str]]]]:
    """Options of an address (``?...``) that lead here, and the requests so far: method, and path with range."""
    seen: list[tuple[str, str]] = []

    class Handler(_Bucket):
        folder, requests = root, seen

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"?endpoint_override=127.0.0.1:{server.server_port}&scheme=http&region=us-east-1", seen
    finally:
        server.shutdown()
        server.server_close()


class _Bucket(BaseHTTPRequestHandler):
    folder: Path
    requests: list[tuple[str, str]]
    protocol_version = "HTTP/1.1"

    def do_HEAD(self) -> None:
        self._answer(body=False)

    def do_GET(self) -> None:
        self._answer(body=True)

    def log_message(self, *_: object) -> None:
        pass

    def _answer(self, *, body: bool) -> None:
        url = urlsplit(self.path)
        self.requests.append((self.command, f"{url.path} {self.headers.get('Range', '')}".strip()))
        path, query = self.folder / unquote(url.path).strip("/"), parse_qs(url.query)
        if "list-type" in query:
            self._send(200, self._listing(path, query.get("prefix", [""])[0], "delimiter" in query), {}, body=body)
        elif path.is_file():
            content, status, headers = path.read_bytes(), 200, {}
            if asked := self.headers.get("Range"):
                first, _, last = asked.removeprefix("bytes=").partition("-")
                whole, content = len(content), content[int(first) : int(last) + 1]
                status, headers = 206, {"Content-Range": f"bytes {first}-{last}/{whole}"}
            stamp = path.stat().st_mtime
            headers |= {"Last-Modified": formatdate(stamp, usegmt=True), "ETag": f'"{stamp}"'}
            self._send(status, content, headers, body=body)
        elif path.is_dir() and path.parent == self.folder:
            self._send(200, b"", {}, body=body)
        else:
            self._send(404, b"<Error><Code>NoSuchKey</Code></Error>", {}, body=body)

    def _listing(self, bucket: Path, prefix: str, shallow: bool) -> bytes:
        keys = sorted(p.relative_to(bucket).as_posix() for p in bucket.rglob("*") if p.is_file())
        keys = [key for key in keys if key.startswith(prefix)]
        folders = {prefix + key[len(prefix) :].split("/")[0] + "/" for key in keys if "/" in key[len(prefix) :]}
        if shallow:
            keys = [key for key in keys if "/" not in key[len(prefix) :]]
        found = f"<KeyCount>{len(keys)}</KeyCount>" + "".join(
            f"<Contents><Key>{escape(key)}</Key><Size>{(bucket / key).stat().st_size}</Size>"
            "<LastModified>2026-01-01T00:00:00.000Z</LastModified></Contents>"
            for key in keys
        )
        if shallow:
            found += "".join(
                f"<CommonPrefixes><Prefix>{escape(name)}</Prefix></CommonPrefixes>" for name in sorted(folders)
            )
        return f"<ListBucketResult><IsTruncated>false</IsTruncated>{found}</ListBucketResult>".encode()

    def _send(self, status: int, content: bytes, headers: dict[str, str], *, body: bool) -> None:
        self.send_response(status)
        for name, value in {**headers, "Content-Length": str(len(content)), "Accept-Ranges": "bytes"}.items():
            self.send_header(name, value)
        self.end_headers()
        if body:
            self.wfile.write(content)
