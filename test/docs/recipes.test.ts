import { spawnSync } from 'node:child_process'
import { chmodSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import glob from 'fast-glob'
import ts from 'typescript'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { parse } from 'yaml'
import { EXIT_CODES, FORMATS, OPTIONS } from '../../src/cli/options.ts'
import { runIn } from '../cli/harness.ts'
import { scratchTree } from '../files/scratch-tree.ts'

const recipes = readFileSync('docs/recipes.md', 'utf8')
const readme = readFileSync('README.md', 'utf8')

const OLD_TLS =
  'server {\n  listen 443 ssl;\n  ssl_certificate /a;\n  ssl_certificate_key /b;\n  ssl_protocols TLSv1;\n}\n'
const MAIN = `events {\n}\nhttp {\n${OLD_TLS}}\n`

/** The code of the first block of a language below a heading. */
function block(page: string, heading: string, language: string): string {
  const section = page.slice(page.indexOf(`## ${heading}\n`))
  const text = new RegExp(`^\`\`\`${language}\\n([\\s\\S]*?)^\`\`\``, 'm').exec(section)?.[1]
  if (text === undefined) throw new RangeError(`${heading} has no ${language}`)
  return text
}

/** The words behind the program's name, or behind that of its package. */
function wordsOf(line: string): readonly string[] {
  const words = /(?:deploy-audit#v[\d.]+|^.*?\bdeploy-audit) (.*)$/m.exec(line)?.[1] ?? ''
  return words.replace(/['"]$/, '').split(/\s+/)
}

test('GitLab: the script writes the report that the job keeps, and fails for errors alone', async () => {
  const job = parse(block(recipes, 'GitLab', 'yaml'))['deploy-audit']
  const directory = scratchTree({ 'nginx.conf': OLD_TLS })
  const { code } = await runIn(directory, wordsOf(job.script[0]))
  assert.is(code, 0)
  const report = JSON.parse(readFileSync(join(directory, job.artifacts.reports.codequality), 'utf8'))
  assert.is(
    report.find(({ check_name }: { check_name: string }) => check_name.startsWith('tls/weak'))?.location.lines
      .begin,
    5,
  )
})

test('Jenkins: the step writes the file that the next one reads, whatever is found', async () => {
  const [step = '', read = ''] = block(recipes, 'Jenkins', 'groovy').split('\n')
  const directory = scratchTree({ 'nginx.conf': OLD_TLS.replace('443 ssl', '443 sll') })
  assert.is((await runIn(directory, wordsOf(step))).code, 0)
  const file = /pattern: '([^']+)'/.exec(read)?.[1] ?? ''
  assert.match(readFileSync(join(directory, file), 'utf8'), /<error line="2"/)
})

test('Ansible: what is fetched is audited by the name of each machine', async () => {
  const [fetched, audited] = parse(block(recipes, 'Ansible', 'yaml'))
  const place = fetched['ansible.posix.synchronize'].dest as string
  const files = Object.fromEntries(
    ['web1', 'web2'].map(name => [
      `${place.replace('{{ inventory_hostname }}', name)}/nginx/nginx.conf`,
      name === 'web1' ? MAIN : MAIN.replace('TLSv1', 'TLSv1.2'),
    ]),
  )
  const line = audited['ansible.builtin.command'] as string
  const { code, out } = await runIn(scratchTree(files), [...wordsOf(line), '-f', 'concise'])
  assert.is(code, 0)
  const found = out.split('\n').filter(each => each.includes('tls/weak-protocol'))
  assert.equal(
    found.map(each => each.split(':')[0]),
    ['machines/web1/etc/nginx/nginx.conf'],
  )
})

test('cron: nothing is printed, and so mailed, until there is something new', async () => {
  const directory = scratchTree({ 'etc/nginx/nginx.conf': MAIN })
  const inside = (line: string): readonly string[] =>
    wordsOf(line).map(word => word.replace('/var/lib/deploy-audit', '.').replace('/etc', 'etc'))
  const cron = /^## A mail from cron\n[\s\S]*?(^17 .*)$/m.exec(recipes)?.[1] ?? ''
  assert.is((await runIn(directory, inside(block(recipes, 'A mail from cron', 'sh')))).code, 0)
  const known = await runIn(directory, inside(cron.replace(/^.*root {2}/, '')))
  assert.equal([known.code, known.out, known.errors], [0, '', []])
  writeFileSync(
    join(directory, 'etc/nginx/nginx.conf'),
    MAIN.replace('events {', '\nevents {').replace(
      'listen 443',
      'rewrite ^ https://example.org$uri;\n  listen 443',
    ),
  )
  const { code, out } = await runIn(directory, inside(cron.replace(/^.*root {2}/, '')))
  assert.is(code, 1)
  assert.match(out, /canonical-url\/redirect-uri-injection/)
  assert.not.match(out, /tls\/weak-protocol/)
})

test('a copy: the commands take no key along, and anybody may audit what they make', async () => {
  const machine = scratchTree({
    'etc/nginx/nginx.conf': 'events {\n}\nhttp {\n  include sites-enabled/*;\n}\n',
    'etc/nginx/sites-available/site': OLD_TLS,
    'etc/nginx/tls/site.key': 'secret',
    'etc/apache2/apache2.conf': '# nothing\n',
  })
  mkdirSync(join(machine, 'etc/nginx/sites-enabled'))
  spawnSync('ln', ['-s', '../sites-available/site', join(machine, 'etc/nginx/sites-enabled/site')])
  const place = scratchTree({})
  const lines = block(recipes, 'Unprivileged, from a copy, offline', 'sh').trim().split('\n')
  const script = lines
    .slice(0, -1)
    .join('\n')
    .replace('sudo ', '')
    .replace('--directory / ', `--directory ${machine} `)
  assert.ok(script.includes(machine))
  const { status, stderr } = spawnSync('sh', ['-ec', script], { cwd: place, encoding: 'utf8' })
  assert.is(status, 0, stderr)
  assert.equal((await glob('**/*.key', { cwd: place })).length, 0)
  const { out } = await runIn(place, [...wordsOf(lines.at(-1) ?? ''), '-f', 'concise'])
  assert.match(out, /^web1\/etc\/nginx\/sites-enabled\/site:5:17: warning: .*tls\/weak-protocol/m)
})

/** True where code calls what opens a connection; texts of examples and of patterns are none. */
function connects(node: ts.Node): boolean {
  const called = ts.isCallExpression(node) || ts.isNewExpression(node) ? node.expression : null
  if (called !== null && ts.isIdentifier(called) && /^(?:fetch|WebSocket)$/.test(called.text)) return true
  return ts.forEachChild(node, connects) ?? false
}

test('offline: nothing of the program can open a connection or start another', async () => {
  const files = await glob('{src,parsers,rules}/**/*.ts')
  assert.ok(files.length > 500)
  const able = files.filter(file => {
    const text = readFileSync(file, 'utf8')
    return (
      /from '(?:node:)?(?:child_process|cluster|dgram|dns|http|http2|https|net|tls|worker_threads)(?:\/\w+)?'/.test(
        text,
      ) ||
      (/\bfetch\(|new WebSocket/.test(text) &&
        connects(ts.createSourceFile(file, text, ts.ScriptTarget.Latest)))
    )
  })
  assert.equal(able, [])
})

test('without rights: what may not be read is said, and the rest is audited', async () => {
  if (process.getuid?.() !== 0) return
  const directory = scratchTree({
    'etc/nginx/nginx.conf': MAIN.replace('http {', 'http {\n  include private/*.conf;'),
    'etc/nginx/private/site.conf': OLD_TLS,
  })
  for (let above = directory; above !== '/tmp' && above !== '/'; above = resolve(above, '..'))
    chmodSync(above, 0o755)
  chmodSync(join(directory, 'etc/nginx/private'), 0o700)
  const home = resolve('.')
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    [
      '--import',
      import.meta.resolve('tsx'),
      join(home, 'src/cli/main.ts'),
      '--no-config',
      '-f',
      'concise',
      directory,
    ],
    {
      cwd: '/',
      uid: 65534,
      gid: 65534,
      encoding: 'utf8',
      env: { PATH: process.env.PATH, HOME: '/nonexistent' },
    },
  )
  // A checkout that only its owner may read says nothing of what it holds.
  if (/EACCES.*main\.ts|Cannot find module/.test(stderr)) return
  assert.is(status, 4, stderr)
  assert.match(stdout, /nginx\.conf:\d+:\d+: warning: .*tls\/weak-protocol/)
  assert.match(stderr, /private/)
})

test('editors: the error format of the recipe cuts a line into its parts', async () => {
  const written = /from_errorformat\('([^']+)'\)/.exec(recipes)?.[1] ?? ''
  const parts: Readonly<Record<string, string>> = {
    '%f': '(?<f>.+?)',
    '%l': '(?<l>\\d+)',
    '%c': '(?<c>\\d+)',
    '%t': '(?<t>.)',
    '%*[^:]': '[^:]+',
    '%m': '(?<m>.+)',
  }
  const pattern = new RegExp(
    `^${written.replace(/%\*\[\^:\]|%[flctm]|[.*+?^$()[\]{}|\\]/g, part => parts[part] ?? `\\${part}`)}$`,
  )
  const directory = scratchTree({ 'nginx.conf': OLD_TLS })
  const { out } = await runIn(directory, ['-f', 'concise', '.'])
  const lines = out.trim().split('\n')
  const read = lines.map(line => pattern.exec(line)?.groups)
  assert.ok(read.length > 0)
  for (const each of read) assert.match(each?.t ?? '', /^[ewn]$/)
  const { f, l, c, t, m = '' } = read.find(each => each?.m?.includes('weak-protocol')) ?? {}
  assert.equal([f, l, c, t], ['nginx.conf', '5', '17', 'w'])
  // Vim itself, where it is installed, reads the same.
  const vim = `call writefile([json_encode(map(getqflist({'efm': '${written}', 'lines': readfile('lines')}).items, {_, q -> [bufname(q.bufnr), q.lnum, q.col, q.text]}))], 'read') | qa!`
  writeFileSync(join(directory, 'lines'), out)
  const { error } = spawnSync('vim', ['-es', '-u', 'NONE', '-i', 'NONE', '-c', vim], {
    cwd: directory,
    timeout: 20_000,
  })
  if (error !== undefined) return
  const items: readonly (readonly unknown[])[] = JSON.parse(readFileSync(join(directory, 'read'), 'utf8'))
  assert.is(items.length, lines.length)
  assert.equal(
    items.find(([, line]) => line === 5),
    ['nginx.conf', 5, 17, m],
  )
})

test('editors: the command for Vim is one that `:make` runs', async () => {
  const command = /makeprg=(.*)$/m.exec(recipes)?.[1]?.replaceAll('\\ ', ' ') ?? ''
  const { code, out } = await runIn(scratchTree({ 'nginx.conf': OLD_TLS }), wordsOf(command))
  assert.is(code, 0)
  assert.match(out, /^nginx\.conf:5:17: warning: /m)
})

test('a buffer that is not saved is judged with the files around it', async () => {
  const directory = scratchTree({
    '.auditrc': '',
    'nginx.conf': 'upstream a {\n  server 127.0.0.1:9000;\n}\n',
    'ports.conf': 'Listen 127.0.0.1:9000\n',
  })
  const words = ['-f', 'concise', '-', '--stdin-filename', join(directory, 'nginx.conf')]
  const saved = await runIn(directory, words, { input: 'upstream a {\n  server 127.0.0.1:9000;\n}\n' })
  const changed = await runIn(directory, words, { input: OLD_TLS })
  assert.not.match(saved.out, /weak-protocol/)
  assert.match(changed.out, /^nginx\.conf:5:17: warning: /m)
})

test('the workflow and the hook of the README say what the action and the hook take', () => {
  const action = parse(readFileSync('action.yml', 'utf8'))
  const steps = parse(block(readme, 'In GitHub code scanning', 'yaml')).jobs.audit.steps
  const own = steps.find(({ uses }: { uses: string }) => uses.startsWith('deploy-audit/'))
  for (const name of Object.keys(own.with)) assert.ok(Object.hasOwn(action.inputs, name), name)
  const [{ hooks }] = parse(block(readme, 'On every commit', 'yaml')).repos
  const known: readonly { id: string }[] = parse(readFileSync('.pre-commit-hooks.yaml', 'utf8'))
  assert.ok(known.some(({ id }) => id === hooks[0].id))
})

test('the tables of the README are those of the program', () => {
  const codes = [...readme.matchAll(/^\| (\d) \| /gm)].map(([, code]) => Number(code))
  assert.equal(
    codes,
    EXIT_CODES.map(([code]) => code),
  )
  for (const format of FORMATS) assert.ok(readme.includes(`\`${format}\``), format)
  for (const [, name = ''] of readme.matchAll(/^\| `(?:-\w|--([a-z-]+))/gm))
    assert.ok(name === '' || Object.hasOwn(OPTIONS, name), name)
})

test('the library does what the README shows', async () => {
  const code = block(readme, 'As a library', 'ts')
  const directory = scratchTree({ 'web1/etc/nginx/nginx.conf': MAIN })
  writeFileSync(
    join(directory, 'example.mts'),
    code.replace("'deploy-audit'", JSON.stringify(resolve('src/index.ts'))),
  )
  const { stdout, stderr } = spawnSync(
    process.execPath,
    ['--import', import.meta.resolve('tsx'), 'example.mts'],
    {
      cwd: directory,
      encoding: 'utf8',
    },
  )
  assert.match(stdout, /^web1\/etc\/nginx\/nginx\.conf:8 tls\/weak-protocol /m, stderr)
})

test.run()
