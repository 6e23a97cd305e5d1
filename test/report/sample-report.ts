import { type Source, textSource } from '../../parsers/text/source.ts'
import { type Finding, settle, toFinding } from '../../src/engine/finding.ts'
import { mergeFindings } from '../../src/engine/merge.ts'
import type { Report } from '../../src/engine/report.ts'
import { redactFinding } from '../../src/engine/redact-finding.ts'
import type { Rule, RuleFinding } from '../../src/engine/rule.ts'

import { redactor } from '../../src/secrets/redactor.ts'

function rule(id: string, facts: Partial<Rule>): Rule {
  return {
    id,
    summary: 'A fault of this kind',
    severity: 'warning',
    confidence: 'high',
    since: '0.1.0',
    why: 'It harms somebody.',
    remedy: 'mend it',
    references: ['https://example.org/reference'],
    bad: [],
    good: [],
    check: () => [],
    ...facts,
  }
}

const portNotListened = rule('topology/upstream-port-not-listened', {
  severity: 'error',
  summary: 'nginx connects to a port on which nothing listens',
  remedy: 'give both the same port',
})
const spoofable = rule('forwarded-headers/proto-spoofable', { securitySeverity: 7.5, cwe: [348, 22] })
const crlf = rule('nginx/odd-bytes', { severity: 'info', confidence: 'low' })
const silent = rule('wsgi/embedded-mode', {})

const nginx = textSource(
  '/etc/nginx/sites-enabled/domain.com',
  'upstream django {\n    server 127.0.0.1:9000;\n}\n\tproxy_set_header Authorization "Basic dXNlcjpwYXNz";\n',
)
const apache = textSource('/etc/apache2/ports.conf', '# ports\n\n\n\nListen 127.0.0.1:8000\n')
const long = textSource(
  '/srv/a b,50%/wide.conf',
  `${'gzip on; '.repeat(30)}ssl on; ${'gzip off; '.repeat(30)}\nreturn 301 \u001b[31mred;\nlocation / {\n}\n`,
)

function place(source: Source, word: string) {
  const start = source.text.indexOf(word)
  if (start === -1) throw new Error(`${word} is not in ${source.path}`)
  return { source, start, end: start + word.length }
}

const raw: readonly (readonly [Rule, RuleFinding])[] = [
  [
    portNotListened,
    {
      at: place(nginx, '127.0.0.1:9000'),
      message: 'nginx connects to 127.0.0.1:9000, where nothing listens',
      label: 'no Listen opens this port',
      related: [{ at: place(apache, '127.0.0.1:8000'), message: 'Apache listens here' }],
    },
  ],
  [
    spoofable,
    {
      at: place(nginx, 'proxy_set_header Authorization "Basic dXNlcjpwYXNz";'),
      message: 'the client’s own `Authorization: Basic dXNlcjpwYXNz` [sic] passes 100% unchanged',
      label:
        'a label that is so long that it would not fit beside its mark on any terminal of eighty columns',
      help: 'set `SetEnv DB_PASSWORD hunter2` elsewhere',
      fix: {
        title: 'Clear the header',
        safety: 'unsafe',
        edits: [{ ...place(nginx, 'proxy_set_header'), text: '# proxy_set_header' }],
      },
    },
  ],
  [crlf, { at: place(long, 'ssl on;'), message: '`ssl on` is old, and\nso are line ends in messages' }],
  [crlf, { at: place(long, '\u001b[31mred'), message: 'an escape \u001b[31m in a message' }],
  [crlf, { at: place(long, '/ {\n}'), message: 'two lines', label: 'the first is shown' }],
  [crlf, { at: { source: long, start: long.text.length, end: long.text.length }, message: 'the end' }],
]

const accepted = [
  silent,
  { at: place(apache, '# ports'), message: 'what a comment accepts' },
] as const satisfies readonly [Rule, RuleFinding]

const settled: readonly Finding[] = settle(
  [...raw, accepted].flatMap(([rule, finding]) =>
    mergeFindings([finding], rule).map(merged =>
      redactFinding(
        toFinding(rule, merged, rule.severity, ({ path }) =>
          path.startsWith('/srv/') ? path : path.slice(1),
        ),
        redactor(),
      ),
    ),
  ),
)

/** One value for every golden file: each oddity that a reporter has to stand, and a rule that did not fire. */
export const sampleReport: Report = {
  tool: { name: 'deploy-audit', version: '0.1.0' },
  root: '.',
  machines: ['.', 'web2'],
  fileList: [
    { path: 'etc/nginx/nginx.conf', machine: '.', as: 'nginx-main' },
    { path: 'etc/nginx/old.conf~', machine: '.', skipped: 'backup', text: 'a copy that is not live' },
  ],
  files: 42,
  programs: [
    {
      program: 'nginx',
      main: 'etc/nginx/nginx.conf',
      accepted: true,
      whole: true,
      version: '1.22.1',
      versionFrom: 'option',
    },
    {
      program: 'apache',
      main: null,
      accepted: false,
      whole: true,
      version: '2.4.71',
      versionFrom: 'assumed',
    },
  ],
  findings: settled.filter(({ message }) => message !== accepted[1].message),
  suppressed: settled
    .filter(({ message }) => message === accepted[1].message)
    .map(finding => ({
      ...finding,
      suppression: { kind: 'inSource', reason: 'known <b>& judged', file: 'etc/apache2/ports.conf', line: 1 },
    })),
  summary: { error: 1, warning: 1, info: 4 },
  rules: [spoofable, crlf, portNotListened, silent],
  crashes: [{ rule: 'tls/broken', message: 'x is not a function', stack: 'TypeError: x is not a function' }],
  notices: [
    {
      code: 'include-outside',
      path: 'etc/nginx/nginx.conf',
      line: 3,
      text: '`/opt/site/extra.conf`, which it includes, lies outside of what is audited',
      incomplete: false,
    },
    {
      code: 'unreadable',
      path: 'etc/apache2/ports.conf',
      line: null,
      text: 'permission denied',
      incomplete: true,
    },
  ],
  complete: false,
}
