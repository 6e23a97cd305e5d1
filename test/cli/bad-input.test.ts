import { chmodSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { scratchTree } from '../files/scratch-tree.ts'
import { runIn } from './harness.ts'

const SITE = 'server {\n  listen 80;\n}\n'

test('where nothing is left to audit, what was not read is named', async () => {
  const directory = scratchTree({ 'big/nginx.conf': '', 'links/site.conf': '-> ../elsewhere/site.conf' })
  writeFileSync(join(directory, 'big/nginx.conf'), '#'.repeat(10_000_001))
  const cases: readonly (readonly [string, RegExp])[] = [
    ['big', /in big \(big\/nginx\.conf: it is larger than 10 MB\)$/],
    ['links', /in links \(links\/site\.conf: the link leads nowhere, or out of what is audited\)$/],
    ['', /^deploy-audit: an empty path$/],
  ]
  for (const [path, message] of cases) {
    const { code, out, errors } = await runIn(directory, [path])
    assert.is(code, 2, path)
    assert.is(out, '')
    assert.is(errors.length, 1)
    assert.match(errors[0] ?? '', message)
  }
})

test('a file that nobody may read is named, unless everything may be read', async () => {
  const directory = scratchTree({ 'locked/nginx.conf': SITE })
  chmodSync(join(directory, 'locked/nginx.conf'), 0)
  const { code, errors } = await runIn(directory, ['locked'])
  // The superuser reads it all the same.
  if (process.getuid?.() === 0) assert.is(code, 0)
  else assert.match(errors[0] ?? '', /\(locked\/nginx\.conf: permission denied\)$/)
})

test('a script that nginx would choke on is no configuration', async () => {
  const directory = scratchTree({ 'nginx/report': '#!/usr/bin/perl\nuse strict;\nmap { $_ => 1 } @list;\n' })
  assert.is((await runIn(directory, ['.'])).code, 2)
})

test('a .auditrc of aliases without end, or that is a device, is a mistake in one line', async () => {
  const keys = [
    'threadSafe',
    'canonicalHosts',
    'threadUnsafeLibraries',
    'publicListeners',
    'outerProxies',
    'memory',
  ]
  const levels = Array.from(
    { length: keys.length },
    (_, index) => `  ${keys[index]}: &b${index + 1} [${Array(9).fill(`*b${index}`).join()}]\n`,
  )
  const directory = scratchTree({
    'nginx.conf': SITE,
    '.auditrc': `ignore: &b0 [x]\nfacts:\n${levels.join('')}`,
    'zero/.auditrc': '-> /dev/zero',
    'zero/nginx.conf': SITE,
  })
  const cases: readonly (readonly [readonly string[], RegExp])[] = [
    [['.'], /^deploy-audit: \.auditrc:1:1: [^\n]*alias[^\n]*$/],
    [
      ['zero'],
      /^deploy-audit: zero\/\.auditrc: a link that leads out of its directory; name the file with --config$/,
    ],
    [['--config', '/dev/zero', '.'], /^deploy-audit: \/dev\/zero: no regular file$/],
  ]
  for (const [words, message] of cases) {
    const { code, errors } = await runIn(directory, words)
    assert.is(code, 2, words.join(' '))
    assert.is(errors.length, 1)
    assert.match(errors[0] ?? '', message)
  }
  assert.is((await runIn(directory, ['--config', '/dev/null', '.'])).code, 0)
})

test('what is nested or grows beyond measure is neither a crash nor a hang', async () => {
  const nested = (open: string, middle: string, close: string, times = 20_000): string =>
    open.repeat(times) + middle + close.repeat(times)
  const macros = Array.from(
    { length: 40 },
    (_, index) => `<Macro M${index}>\nUse M${index + 1}\nUse M${index + 1}\n</Macro>\n`,
  )
  const texts: Readonly<Record<string, string>> = {
    'blocks.conf': `server { listen 80; ${nested('location /a { ', '', '}')} }\n`,
    'sections.conf': `DocumentRoot /x\n${nested('<IfVersion >= 2.4>\n', '', '</IfVersion>\n')}`,
    'expression.conf': `DocumentRoot /x\n<If "${nested('(', 'true', ')')}">\n</If>\n`,
    'functions.conf': `DocumentRoot /x\n<If "${nested('%{toupper:', 'a', '}')} == 1">\n</If>\n`,
    'pattern.conf': `DocumentRoot /x\nRedirectMatch "${nested('(', 'a', ')')}" /y\n`,
    'definitions.conf': `DocumentRoot /x\nDefine a0 word\n${Array.from(
      { length: 60 },
      (_, index) => `Define a${index + 1} \${a${index}}\${a${index}}\n`,
    ).join('')}`,
    'macros.conf': `DocumentRoot /x\n${macros.join('')}<Macro M40>\nAlias /a /b\n</Macro>\nUse M0\n`,
  }
  const directory = scratchTree(texts)
  for (const file of Object.keys(texts)) {
    const { code, errors } = await runIn(directory, ['-f', 'concise', file])
    // What is nested deeper than the audit reads is said, and the audit is incomplete.
    const isCut = code === 4 && errors.some(line => line.includes('incomplete: '))
    assert.ok(code === 0 || code === 1 || isCut, `${file}: ${code} ${errors.join()}`)
  }
})

test('thousands of findings in one line take no longer than in many', async () => {
  const server = 'server { listen 443 ssl; ssl_certificate /c; ssl_certificate_key /k; ssl_protocols TLSv1; }'
  const directory = scratchTree({ 'nginx.conf': server.repeat(2000) })
  const started = performance.now()
  const { out } = await runIn(directory, ['-f', 'concise', '--only', 'tls/weak-protocol', '.'])
  assert.is(out.split('\n').length, 2001)
  assert.ok(performance.now() - started < 5000)
})

test('a main file of a repository includes by wildcard what lies beside it', async () => {
  const directory = scratchTree({
    'nginx.conf': 'events {}\nhttp {\n  include sites-enabled/*;\n}\n',
    'sites-available/a': 'server {\n  listen 80\n}\n',
    'sites-enabled/a': '-> ../sites-available/a',
  })
  const { out } = await runIn(directory, ['-f', 'concise', '.'])
  assert.match(out, /^sites-available\/a:3:1: error: .*\[nginx\/syntax\]/)
})

test.run()
