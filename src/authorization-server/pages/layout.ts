import { createHash } from 'node:crypto'
import type { ServerResponse } from 'node:http'
import { type Html, html } from './html.ts'

/** A page as it is sent. */
export interface Page {
  readonly title: string
  readonly main: Html
  readonly status?: number
  /** Where its form may lead beside this server: the origin that a code is sent to. */
  readonly formTarget?: string
  readonly headers?: Readonly<Record<string, string>>
}

const STYLE = `:root{color-scheme:light dark;--ink:#1b1f24;--soft:#57606a;--back:#f6f8fa;--card:#fff;--line:#8c959f;--act:#0b57d0;--on:#fff;--bad:#a40e26}
@media(prefers-color-scheme:dark){:root{--ink:#e6edf3;--soft:#a5b0bb;--back:#0d1117;--card:#161b22;--line:#6e7681;--act:#a8c7fa;--on:#062e6f;--bad:#ff9b9b}}
*{box-sizing:border-box}
body{margin:0;font:1rem/1.5 system-ui,sans-serif;color:var(--ink);background:var(--back);overflow-wrap:anywhere}
main{max-width:28rem;margin:6vh auto;padding:1.5rem;background:var(--card);border:1px solid var(--line);border-radius:.75rem}
@media(max-width:30rem){main{margin:0;min-height:100vh;border:0;border-radius:0}}
h1{font-size:1.375rem;line-height:1.25;margin:0 0 1rem}
h2{font-size:1rem;margin:1rem 0 .25rem}
p,ul,dl{margin:0 0 1rem}ul{padding-left:1.25rem}
dt{font-weight:600}dd{margin:0 0 .5rem}
label{display:block;font-weight:600;margin:0 0 .25rem}
input{width:100%;font:inherit;color:inherit;background:var(--card);padding:.625rem;margin:0 0 1rem;border:1px solid var(--line);border-radius:.5rem}
button{font:inherit;font-weight:600;min-height:2.75rem;width:100%;padding:.5rem 1rem;margin:0 0 .75rem;border:2px solid var(--act);border-radius:.5rem;background:var(--act);color:var(--on);cursor:pointer}
button.other{background:transparent;color:var(--act)}
a{color:var(--act)}
:focus-visible{outline:3px solid var(--act);outline-offset:2px}
.soft{color:var(--soft);font-size:.875rem}
.bad{color:var(--bad);font-weight:600;border-left:.25rem solid var(--bad);padding-left:.75rem}
code{font-family:ui-monospace,monospace}`
const STYLE_HASH = createHash('sha256').update(STYLE).digest('base64')

/** Sends a page that needs no script, loads nothing, is kept nowhere and shown in no frame. */
export function sendPage(response: ServerResponse, page: Page): void {
  const { title, main, status = 200, headers = {} } = page
  const document = html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${title}</title>
<style>${{ html: STYLE }}</style>
</head>
<body>
<main>
${main}
</main>
</body>
</html>
`
  response.writeHead(status, { ...pageHeaders(page), ...headers, 'content-length': Buffer.byteLength(document.html) })
  response.end(document.html)
}

/**
 * The headers of every page. The referrer policy is `same-origin`, not `no-referrer`: under that one browsers send
 * `Origin: null` with our own forms, and then nobody could tell them from those of a stranger.
 */
function pageHeaders({ formTarget }: Page): Record<string, string> {
  // Chromium holds redirects after a form was sent to `form-action`, too.
  const targets = formTarget === undefined ? "'self'" : `'self' ${formTarget}`
  return {
    'content-type': 'text/html; charset=utf-8',
    'cache-control': 'no-store',
    'content-security-policy': `default-src 'none'; style-src 'sha256-${STYLE_HASH}'; form-action ${targets}; frame-ancestors 'none'; base-uri 'none'`,
    'cross-origin-opener-policy': 'same-origin',
    'cross-origin-resource-policy': 'same-origin',
    'permissions-policy': 'camera=(), geolocation=(), microphone=()',
    'referrer-policy': 'same-origin',
    'x-content-type-options': 'nosniff',
    'x-frame-options': 'DENY',
  }
}
