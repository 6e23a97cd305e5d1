import { Chalk } from 'chalk'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { type Source, textSource } from '../../parsers/text/source.ts'
import type { Trace, TraceEnd, TraceStep } from '../../src/deployment/requests/trace.ts'
import { redactTrace } from '../../src/report/redact-trace.ts'
import { traceJson, traceText } from '../../src/report/trace-text.ts'
import { redactor } from '../../src/secrets/redactor.ts'

const plain = new Chalk({ level: 0 })
const source = textSource('/etc/nginx/nginx.conf', 'a\nb\nc\n')
const fileName = ({ path }: Source) => path.slice(1)

function step(layer: TraceStep['layer'], text: string, line: number | null, known = true): TraceStep {
  return { layer, text, known, at: line === null ? null : { source, start: line * 2 - 2, end: line * 2 - 1 } }
}

function traced(end: TraceEnd, steps: readonly TraceStep[] = [], port = 80): Trace {
  return {
    request: { scheme: 'http', host: 'example.org', port, target: '/a?b', method: 'GET' },
    steps,
    end,
  }
}

const END: TraceEnd = {
  kind: 'application',
  script: '/srv/app/wsgi.py',
  processGroup: 'app',
  scheme: 'https',
}
const STEPS = [
  step('nginx', 'server example.org: matched by server_name', 1),
  step('nginx', 'short', 2, false),
  step('apache', 'access is granted', null),
  step('mod_wsgi', 'process group app', 3),
]

test('a decision a line, places in one column, programs above what they decide', () => {
  assert.is(
    traceText(traced(END, STEPS), fileName, plain),
    `GET http://example.org/a?b
  nginx
    server example.org: matched by server_name  etc/nginx/nginx.conf:1
?   short                                       etc/nginx/nginx.conf:2
  Apache
    access is granted
  mod_wsgi
    process group app                           etc/nginx/nginx.conf:3
→ application /srv/app/wsgi.py in process group app, wsgi.url_scheme https
`,
  )
})

const ENDS: readonly (readonly [TraceEnd, string])[] = [
  [
    { kind: 'status', by: 'apache', status: 403, reason: 'access is denied' },
    '403 from Apache: access is denied',
  ],
  [
    { kind: 'redirect', by: 'nginx', status: 301, location: 'http://x/' },
    '301 from nginx: redirect to http://x/',
  ],
  [{ kind: 'file', by: 'nginx', path: '/srv/a', exists: true }, 'file /srv/a from nginx'],
  [{ kind: 'file', by: 'apache', path: '/srv/a', exists: null }, 'file /srv/a from Apache, if it exists'],
  [
    { kind: 'file', by: 'nginx', path: '/srv/404.html', exists: true, status: 404 },
    '404 with file /srv/404.html from nginx',
  ],
  [{ kind: 'handler', by: 'apache', name: 'server-status' }, 'handler `server-status` of Apache'],
  [
    { kind: 'application', script: '/a.py', processGroup: '', scheme: null },
    'application /a.py in embedded mode',
  ],
  [
    { kind: 'application', script: '/a.py', processGroup: null, scheme: null },
    'application /a.py in a process group that is not known',
  ],
  [{ kind: 'backend', address: '10.0.0.1:80', reason: 'why' }, 'proxied to 10.0.0.1:80, why'],
  [
    { kind: 'backend', address: '10.0.0.1:9000', reason: 'why', script: '/srv/a.php' },
    'proxied to 10.0.0.1:9000, why, for the script /srv/a.php',
  ],
  [{ kind: 'refused', reason: 'why' }, 'refused: why'],
  [{ kind: 'loop', reason: 'why' }, 'loop: why'],
  [{ kind: 'unknown', reason: 'why' }, 'unknown: why'],
]

for (const [end, line] of ENDS) {
  test(`ends with: ${line}`, () => {
    assert.is(traceText(traced(end), fileName, plain), `GET http://example.org/a?b\n→ ${line}\n`)
  })
}

test('a port is written where the scheme has another', () => {
  assert.match(traceText(traced(END, [], 8080), fileName, plain), 'GET http://example.org:8080/a?b\n')
})

test('the JSON holds the same, one trace for every deployment', () => {
  const { version, traces } = JSON.parse(
    traceJson([
      { trace: traced(END, STEPS), fileName },
      { trace: traced({ kind: 'refused', reason: 'why' }), fileName: ({ path }) => `web2${path}` },
    ]),
  )
  assert.is(version, 1)
  assert.is(traces.length, 2)
  assert.equal(traces[0], {
    url: 'http://example.org/a?b',
    method: 'GET',
    steps: STEPS.map(({ layer, text, known, at }) => ({
      layer,
      text,
      known,
      file: at === null ? null : 'etc/nginx/nginx.conf',
      line: at === null ? null : at.start / 2 + 1,
    })),
    end: END,
  })
})

test('a terminal obeys nothing that a file or a URL says, and sees no password', () => {
  const nasty = step('nginx', 'sends Authorization: Basic dXNlcjpwYXNz\u001b[31m', 1)
  const trace = redactTrace(traced({ kind: 'unknown', reason: 'a\u001b[2J' }, [nasty]), redactor())
  const text = traceText(trace, fileName, plain)
  assert.not.match(text, '\u001b')
  assert.not.match(text, 'dXNlcjpwYXNz')
  assert.not.match(traceJson([{ trace, fileName }]), 'dXNlcjpwYXNz')
})

test('colours only add', () => {
  const coloured = traceText(traced(END, STEPS), fileName, new Chalk({ level: 1 }))
  assert.match(coloured, '\u001b[33m')
  assert.is(coloured.replaceAll(/\u001b\[\d+m/g, ''), traceText(traced(END, STEPS), fileName, plain))
})

test.run()
