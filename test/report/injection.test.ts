import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { FORMATS, MAP_FORMATS } from '../../src/cli/options.ts'
import { scratchTree } from '../files/scratch-tree.ts'
import { runIn } from '../cli/harness.ts'

/** What a terminal obeys, what a reader does not see, and what a log takes for a command. */
const HOSTILE = [
  '\u001b[31m',
  '\u001b]8;;http://evil.example\u0007',
  '\u0007',
  '\u007f',
  '\u009b31m',
  '\u061c',
  '\u202e',
  '\u2066',
  '\u2028',
  '\u2029',
  '\u200b',
  '\u{e0041}',
  '\r',
]
const COMMANDS = ['::error::x', '##[error]x', '##vso[task.setvariable]x', '%%{init: {}}%%']
const UNSEEN = /(?![\t\n])(?:[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]|[\u{E0100}-\u{E01EF}])/u

function assertClean(text: string, where: string, own: RegExp | null = null): void {
  const found = UNSEEN.exec(text)
  assert.is(
    found,
    null,
    `${where}: U+${found?.[0].codePointAt(0)?.toString(16)} in ${JSON.stringify(text.slice(Math.max(0, (found?.index ?? 0) - 40), (found?.index ?? 0) + 20))}`,
  )
  for (const line of text.split('\n')) {
    if (own?.test(line) !== true) assert.not.match(line, /^\s*::[\w-]/, where)
    assert.not.match(line, /##(?:\[|vso\[)/i, where)
  }
}

/** A tree with a hostile text in every place whose text comes out somewhere. */
function tree(hostile: string): string {
  const word = hostile.replace(/[\s{};"']/g, '')
  const directory = scratchTree({
    'nginx.conf': [
      'events {}',
      'http {',
      `  upstream ${word} { server 127.0.0.1:9000; }`,
      '  server {',
      '    listen 443 ssl;',
      `    server_name ${word} ${word}.example;`,
      '    ssl_certificate /a; ssl_certificate_key /b; ssl_protocols TLSv1;',
      `    location /${word} { proxy_pass http://${word}; proxy_set_header X "${hostile}"; }`,
      `    location ~ ${word}( { ${word} on; }`,
      `    include ${word}.conf;`,
      '  }',
      '}',
      '',
    ].join('\n'),
  })
  const name = hostile.replaceAll('/', '_')
  mkdirSync(join(directory, name))
  writeFileSync(join(directory, name, `${name}.conf`), 'server {\n  listen 80\n}\n')
  return directory
}

for (const hostile of [...HOSTILE, ...COMMANDS, '\n::error::x']) {
  test(`nothing that is printed obeys ${JSON.stringify(hostile)}`, async () => {
    const directory = tree(hostile)
    const runs: readonly (readonly [readonly string[], RegExp | null])[] = [
      ...FORMATS.map(
        format =>
          [['-v', '-f', format, '.'], format === 'github' ? /^::(?:error|warning|notice) / : null] as const,
      ),
      ...MAP_FORMATS.map(format => [['map', '-f', format, '.'], null] as const),
      ...['text', 'json'].map(format => [['trace', '-f', format, 'https://x.example/', '.'], null] as const),
      [['resolve', '.'], null],
      [['resolve', '--show-secrets', '.'], null],
    ]
    for (const [words, own] of runs) {
      const { code, out, errors } = await runIn(directory, words)
      assert.ok(code !== 3, `${words.join(' ')}: ${errors.join('\n')}`)
      assertClean(out, words.join(' '), own)
      for (const error of errors) assertClean(`${error}\n`, `${words.join(' ')}: standard error`)
    }
  })

  test(`what is asked wrongly with ${JSON.stringify(hostile)} is one clean line`, async () => {
    const directory = scratchTree({ 'nginx.conf': 'events {}\n' })
    writeFileSync(join(directory, '.auditrc'), `? ${JSON.stringify(hostile)}\n: x\n`)
    for (const words of [
      ['.'],
      [hostile],
      ['--only', hostile, '.'],
      [`--${hostile}`],
      ['explain', hostile],
      ['--root', hostile, '.'],
      ['trace', hostile, '.'],
    ]) {
      const { code, out, errors } = await runIn(directory, words)
      assert.is(code, 2, words.join(' '))
      assert.is(out, '')
      assert.is(errors.length, 1)
      assertClean(errors[0] ?? '', words.join(' '))
      assert.not.match(errors[0] ?? '', /\n/)
    }
  })
}

test('a label of Mermaid stays a label', async () => {
  const { out } = await runIn(tree('%%{init: {"theme": "x"}}%%'), ['map', '-f', 'mermaid', '.'])
  assert.match(out, /^flowchart LR\n/)
  assert.not.match(out, /%%|\{init/)
})

test('a directory whose name holds a line end is audited', async () => {
  const { out } = await runIn(tree('a\nb'), ['-f', 'json', '.'])
  const { findings } = JSON.parse(out) as {
    readonly findings: readonly { readonly file: string; readonly rule: string }[]
  }
  assert.ok(
    findings.some(({ file, rule }) => file === 'a\nb/a\nb.conf' && rule === 'nginx/syntax'),
    out,
  )
})

test.run()
