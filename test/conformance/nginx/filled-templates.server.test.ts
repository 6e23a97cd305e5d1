import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { maskTemplate } from '../../../parsers/text/mask-template.ts'
import type { Source } from '../../../parsers/text/source.ts'
import { conf } from '../../../src/engine/conf.ts'
import { memoryFileSystem } from '../../../src/files/memory-file-system.ts'
import { evaluateNginx } from '../../../src/servers/nginx/evaluate.ts'
import { askNginx } from './ask-nginx.ts'

const server = (lines: string): string => conf`
  server {
      listen 127.0.0.1:18080;
      ${lines}
  }
`

/** Lines of a template, and what its placeholders may come to. */
const REFUSED: readonly { readonly lines: string; readonly fillings: readonly string[] }[] = [
  { lines: 'set backend {{ x }};', fillings: ['a', 'http://127.0.0.1', '"a b"'] },
  { lines: 'root /srv/{{ x }};;', fillings: ['a', 'a/b'] },
  { lines: 'include {{ x }}/auth.conf', fillings: ['a', '/srv'] },
  { lines: 'root /srv/{{ x }};\nexpires 1H;', fillings: ['a'] },
  { lines: 'root /srv/{{ x }};\nlimit_except GET {\n    deny all;\n}', fillings: ['a'] },
  { lines: 'root /srv/{{ x }};\nset $a = b;', fillings: ['a'] },
  { lines: 'root /srv/{{ x }};\nlocation / {\n}\nlocation / {\n}', fillings: ['a'] },
  { lines: 'server_name {{ x }};\nroot /a;\nroot /b;', fillings: ['a'] },
  { lines: 'server_name {{ x }};\nroot /a\nlocation / {\n}', fillings: ['a'] },
]

const ACCEPTED: readonly { readonly lines: string; readonly fillings: readonly string[] }[] = [
  { lines: 'root {{ x }}\nindex a.html;', fillings: ['/srv;'] },
  { lines: '{{ x }}limit_except GET { deny all; }', fillings: ['# '] },
  { lines: 'gzip {{ x }} gzip_vary on;', fillings: ['on;'] },
  { lines: 'expires {{ x }} 1H;', fillings: ['off; #'] },
]

function problemsOf(text: string): readonly string[] {
  const path = '/site.conf.j2'
  const source: Source = { path, text, encoding: 'utf8', ...maskTemplate(path, text), values: null }
  const version = { value: '1.22.1', from: 'assumed', at: null } as const
  const input = { files: memoryFileSystem({}), main: null, fragments: [source], version }
  return evaluateNginx(input).problems.map(({ message }) => message)
}

function isAccepted(text: string): boolean {
  const log = 'pid /tmp/never.pid;\nevents {}\nhttp {\naccess_log off;\n'
  return askNginx({ name: '', conf: `${log}${text}\n}\n`, files: {} }).accepts
}

test('what is judged in a template, nginx refuses however it is filled in', () => {
  for (const { lines, fillings } of REFUSED) {
    const text = server(lines)
    assert.is(problemsOf(text).length, 1, text)
    for (const filling of fillings) {
      const filled = text.replaceAll('{{ x }}', filling)
      assert.not(isAccepted(filled), filled)
    }
  }
})

test('what some filling mends is not judged', () => {
  for (const { lines, fillings } of ACCEPTED) {
    const text = server(lines)
    assert.equal(problemsOf(text), [], text)
    for (const filling of fillings) {
      const filled = text.replaceAll('{{ x }}', filling)
      assert.ok(isAccepted(filled), filled)
    }
  }
})

test('the names of an engine that nobody here knows open no block', () => {
  assert.equal(problemsOf(server('server_name {{ x }};\naccess_log /var/log/%{x}-access.log;')), [])
})

test.run()
