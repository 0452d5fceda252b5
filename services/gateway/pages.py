"""Where a person's trip begins: the plain page at `/` and the interactive documentation, both without any network.

Swagger UI's files come from the `fastapi-offline` distribution; of that package only its static folder is used.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping
from importlib.resources import files
from pathlib import Path

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import FileResponse, HTMLResponse, Response

_STYLE = """
:root { color-scheme: light dark; --ink: #1c2321; --paper: #fbfaf7; --quiet: #55605c; --line: #d9d6cc; --link: #0b5a52 }
@media (prefers-color-scheme: dark) {
  :root { --ink: #e9e7e0; --paper: #171b1a; --quiet: #a4ada9; --line: #39413e; --link: #7fd1c5 }
}
* { box-sizing: border-box }
body { margin: 0; font: 1.0625rem/1.6 system-ui, sans-serif; color: var(--ink); background: var(--paper) }
main { max-width: 44rem; margin: 0 auto; padding: 3rem 1.25rem }
h1 { margin: 0; font-size: 2rem; line-height: 1.2 }
h2 { margin: 2.25rem 0 .5rem; font-size: 1.125rem }
.lead { margin: .5rem 0 0; color: var(--quiet) }
a { color: var(--link) }
a:focus-visible, pre:focus-visible { outline: 3px solid var(--link); outline-offset: 3px; border-radius: 2px }
dl { display: grid; grid-template-columns: max-content 1fr; gap: .35rem 1.25rem; margin: 0 }
dd { margin: 0; color: var(--quiet) }
pre { overflow-x: auto; margin: 0; padding: 1rem; border: 1px solid var(--line); border-radius: .375rem;
  font: .875rem/1.6 ui-monospace, monospace }
"""

_HOME = f"""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Cairn</title>
<link rel="icon" href="data:,">
<style>{_STYLE}</style>
</head>
<body>
<main>
<h1>Cairn</h1>
<p class="lead">Goals with a live goal tree, and a history that nobody can quietly rewrite.</p>
<p>This is the API of a running Cairn. Every change is an event that is kept; what you read is folded from them.</p>
<h2>Look around</h2>
<dl>
<dt><a href="/docs">/docs</a></dt><dd>every operation, to read and to try</dd>
<dt><a href="/openapi.json">/openapi.json</a></dt><dd>the same for programs, as OpenAPI 3.1</dd>
<dt><a href="/healthz">/healthz</a></dt><dd>whether the process is alive</dd>
<dt><a href="/readyz">/readyz</a></dt><dd>whether its services are ready, and how far behind</dd>
</dl>
<h2>Ask something</h2>
<p id="ask">Requests carry a bearer token. For development, the command line gives you one; in Cairn's own folder:</p>
<pre tabindex="0" aria-labelledby="ask"><code>TOKEN=$(.venv/bin/cairn token --tenant acme --email you@example.org)
curl -H "Authorization: Bearer $TOKEN" http://127.0.0.1:8080/api/v1/me</code></pre>
</main>
</body>
</html>
"""

_DOCS = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Cairn: the API</title>
<link rel="icon" href="data:,">
<link rel="stylesheet" href="/docs/swagger-ui.css">
</head>
<body>
<main id="swagger-ui"></main>
<noscript><p>This page needs JavaScript. <a href="/openapi.json">The description of the API</a> does not.</p></noscript>
<script src="/docs/swagger-ui-bundle.js"></script>
<script src="/docs/start.js"></script>
</body>
</html>
"""

_START = """"use strict";
const dark = window.matchMedia("(prefers-color-scheme: dark)");
const paint = () => document.documentElement.classList.toggle("dark-mode", dark.matches);
dark.addEventListener("change", paint);
paint();
SwaggerUIBundle({
  url: "/openapi.json",
  dom_id: "#swagger-ui",
  deepLinking: true,
  persistAuthorization: false,
  tryItOutEnabled: true,
  validatorUrl: null,
});
"""

_STATIC = {"swagger-ui-bundle.js": "text/javascript", "swagger-ui.css": "text/css"}


def add_pages(app: Starlette) -> None:
    """Adds `/`, `/docs` and what `/docs` loads to an app."""
    home_policy = f"style-src '{_hash(_STYLE)}'; img-src data:"
    # Swagger UI sets styles from its script, and draws its icons from data.
    docs_policy = "script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; connect-src 'self'"
    static = Path(str(files("fastapi_offline"))) / "static"

    async def show_home(_: Request) -> Response:
        return _page(_HOME, home_policy)

    async def show_docs(_: Request) -> Response:
        return _page(_DOCS, docs_policy)

    async def show_asset(request: Request) -> Response:
        name = request.path_params["name"]
        if name == "start.js":
            return Response(_START, media_type="text/javascript", headers={"Cache-Control": "no-cache", **_NO_SNIFF})
        if name not in _STATIC:
            raise HTTPException(404)
        headers = {"Cache-Control": "public, max-age=3600", **_NO_SNIFF}
        return FileResponse(static / name, media_type=_STATIC[name], headers=headers)

    app.add_route("/", show_home, include_in_schema=False)
    app.add_route("/docs", show_docs, include_in_schema=False)
    app.add_route("/docs/{name}", show_asset, include_in_schema=False)


_NO_SNIFF: Mapping[str, str] = {"X-Content-Type-Options": "nosniff"}


def _page(html: str, policy: str) -> HTMLResponse:
    closed = "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    headers = {
        "Content-Security-Policy": f"{closed}; {policy}",
        "Cache-Control": "no-cache",
        "Referrer-Policy": "no-referrer",
        **_NO_SNIFF,
    }
    return HTMLResponse(html, headers=headers)


def _hash(text: str) -> str:
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode("utf-8")).digest()).decode("ascii")
