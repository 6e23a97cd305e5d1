import { existsSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { rules } from '../../rules/index.generated.ts'
import { OPTION_LIST } from '../../src/cli/options.ts'
import { readArguments } from '../../src/cli/arguments.ts'
import { runAudit } from '../../src/cli/run-audit.ts'
import type { Rule } from '../../src/engine/rule.ts'
import { scratchTree } from '../files/scratch-tree.ts'
import { runIn } from './harness.ts'

const OLD_TLS =
  'server {\n  listen 443 ssl;\n  ssl_certificate /a;\n  ssl_certificate_key /b;\n  ssl_protocols TLSv1;\n}\n'
const QUIET_SITE = 'upstream a {\n  server 127.0.0.1:9000;\n}\n'

test('findings go to standard output and decide the exit code', async () => {
  const directory = scratchTree({ 'nginx.conf': OLD_TLS })
  const found = await runIn(directory, ['-f', 'concise', '.'])
  assert.is(found.code, 1)
  assert.match(found.out, /^nginx\.conf:5:17: warning: .*\[tls\/weak-protocol\]/)
  assert.equal(found.errors, [])
  assert.is((await runIn(directory, ['.', '--fail-on', 'error'])).code, 0)
  assert.is((await runIn(directory, ['.', '--fail-on', 'never'])).code, 0)
  assert.is((await runIn(directory, ['.', '--skip', 'tls'])).code, 0)
  assert.is((await runIn(directory, ['.', '--only', 'wsgi,loopback'])).code, 0)
  assert.is((await runIn(directory, ['.', '--min-severity', 'error'])).code, 0)
  for (const format of ['text', 'json', 'sarif', 'github']) {
    assert.is((await runIn(directory, ['.', '-f', format])).code, 1, format)
  }
})

test('nothing found is exit 0', async () => {
  const { code, out } = await runIn(scratchTree({ 'nginx.conf': QUIET_SITE }), ['.'])
  assert.is(code, 0)
  assert.match(out, /^nginx fragments read\nnothing found in 1 file\n$/)
})

test('files of a compose project alone are counted', async () => {
  const compose = 'services:\n  web:\n    image: example/web\n    depends_on: [db]\n'
  const { code, out } = await runIn(scratchTree({ 'docker-compose.yml': compose }), ['.'])
  assert.is(code, 1)
  assert.match(out, /\n1 error in 1 file\n$/)
})

test('a file that the server refuses is a finding at its line, and the rest is audited', async () => {
  const directory = scratchTree({ 'a.conf': 'server {\n  listen 80\n}\n', 'nginx.conf': OLD_TLS })
  const { code, out } = await runIn(directory, ['-f', 'json', '.'])
  const report = JSON.parse(out)
  assert.is(code, 1)
  assert.equal(report.programs, [
    { program: 'nginx', main: null, accepted: false, version: '1.29.3', versionFrom: 'assumed' },
  ])
  const places = report.findings.map(({ rule, file }: { rule: string; file: string }) => `${file} ${rule}`)
  assert.ok(places.includes('a.conf nginx/syntax'), places.join())
  assert.ok(places.includes('nginx.conf tls/weak-protocol'), places.join())
})

test('.auditrc switches off, changes severity, leaves out, and is found upwards', async () => {
  const directory = scratchTree({ 'sub/nginx.conf': OLD_TLS, 'sub/old/legacy.conf': OLD_TLS })
  const severities = async (auditrc: string): Promise<readonly string[]> => {
    writeFileSync(join(directory, '.auditrc'), auditrc)
    const { out, errors } = await runIn(directory, ['-f', 'concise', '--only', 'tls/weak-protocol', 'sub'])
    assert.equal(errors, [])
    return [...out.matchAll(/^(\S+?):\d+:\d+: (\w+): /gm)].map(([, file, severity]) => `${file} ${severity}`)
  }
  assert.equal(await severities(''), ['sub/nginx.conf warning', 'sub/old/legacy.conf warning'])
  assert.equal(await severities('ignore: [sub/old]\n'), ['sub/nginx.conf warning'])
  assert.equal(await severities('ignore: ["**/legacy.*"]\nrules:\n  tls: error\n'), ['sub/nginx.conf error'])
  writeFileSync(join(directory, '.auditrc'), 'rules: {tls/weak-protocol: off}\n')
  assert.not.match((await runIn(directory, ['-f', 'concise', 'sub'])).out, /weak-protocol/)
  assert.match((await runIn(directory, ['-f', 'concise', '--no-config', 'sub'])).out, /weak-protocol/)
  writeFileSync(join(directory, 'other.yaml'), 'rules: {tls/weak-protocol: info}\n')
  assert.match(
    (await runIn(directory, ['-f', 'concise', '--config', 'other.yaml', 'sub'])).out,
    /note: .*\[tls/,
  )
})

test('include.map finds the files of another layout, relative to .auditrc', async () => {
  for (const root of ['', 'root: .\n']) {
    const directory = scratchTree({
      '.auditrc': `${root}include:\n  map:\n    /etc/nginx/snippets: conf/snippets\n`,
      'conf/nginx.conf': 'events {}\nhttp {\n  include /etc/nginx/snippets/tls.conf;\n}\n',
      'conf/snippets/tls.conf': OLD_TLS,
    })
    const { out } = await runIn(directory, ['-f', 'concise', '.'])
    assert.match(out, /^conf\/snippets\/tls\.conf:5:17: warning: .*\[tls\/weak-protocol\]/m)
  }
})

test('what cannot be done is one line and exit 2', async () => {
  const directory = scratchTree({
    'nginx.conf': QUIET_SITE,
    'x.txt': '',
    'bad/.auditrc': 'rulez: 1\n',
    'bad/a.conf': OLD_TLS,
  })
  symlinkSync('loop', join(directory, 'loop'))
  const cases: readonly (readonly [readonly string[], RegExp])[] = [
    [['gone'], /gone: no such file or directory$/],
    [['loop'], /loop: no such file or directory$/],
    [['x'.repeat(5000)], /x: no such file or directory$/],
    [['x.txt'], /x\.txt: no configuration of nginx or Apache$/],
    [['--fromat', 'json'], /unknown option "--fromat": did you mean "--format"\?$/],
    [['-f', 'xml'], /--format takes /],
    [
      ['--only', 'tls/weak-protocl', '.'],
      /unknown rule "tls\/weak-protocl": did you mean "tls\/weak-protocol"\?$/,
    ],
    [['--root', 'gone', '.'], /the root gone is no directory$/],
    [['--config', 'gone', '.'], /gone: cannot be read: /],
    [['-o', 'gone/report.json', '.'], /gone\/report\.json: cannot be written: no such file or directory$/],
    [['bad'], /bad\/\.auditrc:1:1: unknown key "rulez": did you mean "rules"\?$/],
    [['explain', 'nothing'], /unknown rule or group "nothing"/],
    [
      ['--skip', 'body-limits/inverted', '.'],
      /the rule "body-limits\/inverted" was renamed to "body-limits\/apache-below-nginx"$/,
    ],
    [['explain'], /explain needs a rule/],
    [['trace'], /trace needs a URL/],
    [['maps', '.'], /no command and no path is called "maps": did you mean "map"\?$/],
    [['help', 'mapp'], /unknown command "mapp": did you mean "map"\?$/],
    [['--only', 'tls', '--skip', 'tls', '.'], /--only and --skip together leave no rule to run$/],
    [['explain', 'tls', '-o', 'f'], /--output belongs to .*, not to explain$/],
    [['rules', '-f', 'sarif'], /text or json, not "?sarif"?$/],
  ]
  for (const [words, message] of cases) {
    const { code, out, errors } = await runIn(directory, words)
    assert.is(code, 2, words.join(' '))
    assert.is(out, '', words.join(' '))
    assert.is(errors.length, 1, words.join(' '))
    assert.match(errors[0] ?? '', /^deploy-audit: [^\n]*$/)
    assert.match(errors[0] ?? '', message)
  }
})

test('an option that a command does not use is named as it was written', async () => {
  for (const [name, { value, choices, commands }] of OPTION_LIST) {
    if (commands.includes('init')) continue
    const words = value === undefined ? [`--${name}`] : [`--${name}`, choices?.[0] ?? 'x']
    const { code, errors } = await runIn('.', ['init', ...words])
    assert.is(code, 2, name)
    assert.match(errors.join('\n'), new RegExp(`^deploy-audit: --${name} belongs to [a-z, ]+, not to init$`))
  }
})

test('a rule that throws leaves the audit incomplete, and what the others found is printed', async () => {
  const directory = scratchTree({ 'nginx.conf': OLD_TLS })
  const [first] = rules
  if (first === undefined) throw new Error('there is no rule')
  const crashing: Rule = {
    ...first,
    id: 'tls/crashing',
    check: () => {
      throw new TypeError('x is not a function')
    },
  }
  let out = ''
  const terminal = {
    workingDirectory: directory,
    environment: {},
    isInteractive: false,
    columns: undefined,
    readInput: async () => ({ bytes: Buffer.of(), isWhole: true }),
    print: (text: string) => {
      out += text
    },
    warn: () => undefined,
  }
  const code = await runAudit(
    readArguments(['.', '-f', 'concise', '--fail-on', 'never']),
    [crashing, ...rules],
    terminal,
  )
  assert.is(code, 4)
  assert.match(out, /warning: .*\[tls\/weak-protocol\]/)
  assert.match(
    out,
    /^deploy-audit: error: `tls\/crashing` failed: x is not a function \[internal\/rule-crashed\]\n$/m,
  )
})

test('a root in .auditrc is what its repository means', async () => {
  const directory = scratchTree({
    '.auditrc': 'root: machine\n',
    'machine/conf/nginx.conf': 'events {}\nhttp {\n  include /conf/tls.conf;\n}\n',
    'machine/conf/tls.conf': OLD_TLS,
  })
  const { out } = await runIn(directory, ['-f', 'concise', '.'])
  assert.match(out, /^machine\/conf\/tls\.conf:5:17: warning: .*\[tls\/weak-protocol\]/m)
})

test('an output file is written whole, over a link’s target, and nothing is left beside it', async () => {
  const directory = scratchTree({ 'nginx.conf': OLD_TLS })
  mkdirSync(join(directory, 'out'))
  writeFileSync(join(directory, 'out/real.json'), 'old')
  symlinkSync('real.json', join(directory, 'out/report.json'))
  const { code, out } = await runIn(directory, ['-f', 'json', '-o', join(directory, 'out/report.json'), '.'])
  assert.is(code, 1)
  assert.is(out, '')
  assert.is(JSON.parse(readFileSync(join(directory, 'out/real.json'), 'utf8')).version, 1)
  assert.equal(readdirSync(join(directory, 'out')).sort(), ['real.json', 'report.json'])
})

test('colour is for screens, or where it is asked for', async () => {
  const directory = scratchTree({ 'nginx.conf': OLD_TLS })
  const isColoured = async (words: readonly string[], given = {}): Promise<boolean> =>
    (await runIn(directory, ['.', ...words], given)).out.includes('\u001b[')
  const screen = { isInteractive: true, columns: 80 }
  assert.not.ok(await isColoured([]))
  assert.ok(await isColoured([], screen))
  assert.not.ok(await isColoured([], { ...screen, environment: { NO_COLOR: '1' } }))
  assert.not.ok(await isColoured([], { ...screen, environment: { TERM: 'dumb' } }))
  assert.ok(await isColoured([], { environment: { FORCE_COLOR: '1' } }))
  assert.not.ok(await isColoured(['--color', 'never'], screen))
  assert.ok(await isColoured(['--color', 'always'], { environment: { NO_COLOR: '1' } }))
})

test('quiet leaves the findings, verbose says what was read', async () => {
  const directory = scratchTree({ 'nginx.conf': OLD_TLS })
  assert.not.match((await runIn(directory, ['.', '-q'])).out, / in 1 file/)
  const { errors } = await runIn(directory, ['.', '-v', '--nginx-version', '1.20.1'])
  assert.ok(errors.includes('nginx 1.20.1 (as --nginx-version says): fragments'), errors.join('\n'))
  const assumed = await runIn(directory, ['.', '-v'])
  assert.match(assumed.errors.join('\n'), /^nginx 1\.\d+\.\d+ \(assumed: /m)
})

test('help, the help of a command and the version are printed however they are asked for', async () => {
  const directory = scratchTree({ 'nginx.conf': QUIET_SITE })
  const out = async (...words: readonly string[]): Promise<string> => (await runIn(directory, words)).out
  assert.is(await out('help'), await out('--help'))
  assert.is(await out('help', 'trace'), await out('trace', '--help'))
  assert.is(await out('help', 'audit'), await out('audit', '-h'))
  assert.match(await out('map', '-h'), /^Usage: deploy-audit map /)
  assert.is(await out('-V'), await out('--version'))
})

test('without a path, a directory that holds a configuration is what is audited, traced and drawn', async () => {
  const site = 'server {\n  listen 80;\n  server_name example.org;\n  return 204;\n}\n'
  for (const path of ['site.conf', 'etc/nginx/nginx.conf', 'sites-enabled/site']) {
    const text = path.endsWith('nginx.conf') ? `events {}\nhttp {\n${site}}\n` : site
    const directory = scratchTree({ [path]: text })
    assert.is(JSON.parse((await runIn(directory, ['-f', 'json'])).out).files, 1, path)
    assert.match((await runIn(directory, ['map'])).out, /example\.org/, path)
    assert.match((await runIn(directory, ['resolve'])).out, /server_name example\.org;/, path)
    assert.match((await runIn(directory, ['trace', 'example.org'])).out, /204/, path)
  }
})

test('a directory without a configuration is no default: its files of other programs are not read', async () => {
  const directory = scratchTree({ 'mail.conf': '[settings]\ncolour = red\n' })
  const { errors } = await runIn(directory, ['-v'])
  // The machine that runs this test may have no server at all.
  assert.match(
    errors.join('\n'),
    existsSync('/etc/nginx') || existsSync('/etc/apache2') ? /^\/etc is audited/m : /./,
  )
})

test('standard input is a file of the name that it is given', async () => {
  const directory = scratchTree({ 'etc/nginx/nginx.conf': 'events {}\n' })
  const named = await runIn(
    directory,
    ['-f', 'concise', '-', '--stdin-filename', 'etc/nginx/conf.d/a.conf'],
    {
      input: OLD_TLS,
    },
  )
  assert.match(named.out, /^etc\/nginx\/conf\.d\/a\.conf:5:17: /)
  assert.is((await runIn(directory, ['-'], { input: 'hello\n' })).code, 2)
})

test('standard input lies over the file of its name in the tree around it, and that file is reported', async () => {
  const saved =
    'server {\n  listen 80;\n  root /srv;\n  location ~ \\.php$ {\n    fastcgi_pass unix:/run/php/php8.2-fpm.sock;\n  }\n}\n'
  const directory = scratchTree({
    '.auditrc': '',
    'web/etc/nginx/nginx.conf': 'events {}\nhttp {\n  include conf.d/*.conf;\n}\n',
    'web/etc/nginx/conf.d/a.conf': saved,
    'web/etc/nginx/conf.d/old.conf': OLD_TLS,
    'web/etc/php/8.2/fpm/pool.d/www.conf':
      '[www]\nuser = www-data\nlisten = /run/php/php8.2-fpm.sock\npm = static\npm.max_children = 5\n',
  })
  const words = ['-f', 'concise', '-', '--stdin-filename', 'web/etc/nginx/conf.d/a.conf']
  // A fault between the text and a file on the disk, at its line in the text; nothing of other files.
  const joined = await runIn(directory, words, { input: `# one more line\n${saved.replace('8.2', '7.4')}` })
  assert.match(
    joined.out,
    /^web\/etc\/nginx\/conf\.d\/a\.conf:6:\d+: error: .*\[topology\/backend-not-listening\]/m,
  )
  assert.not.match(joined.out, /old\.conf/)
  assert.not.match((await runIn(directory, words, { input: saved })).out, /topology/)
  // With a path beside it, everything is reported; the text is read once, and not the disk's.
  const all = await runIn(directory, [...words, '.'], { input: OLD_TLS })
  assert.match(all.out, /old\.conf:5:17: warning: .*\[tls\/weak-protocol\]/)
  assert.is([...all.out.matchAll(/a\.conf:5:17: warning: .*\[tls\/weak-protocol\]/g)].length, 1)
})

test('standard input may be a file that is not saved yet, or that no server reads', async () => {
  const directory = scratchTree({
    '.auditrc': '',
    'etc/nginx/nginx.conf': 'events {}\nhttp {\n  include conf.d/*.conf;\n}\n',
    'etc/nginx/conf.d/a.conf': 'server {\n  listen 80;\n}\n',
    'etc/nginx/sites-available/b': 'server {\n  listen 81;\n}\n',
  })
  for (const name of [
    'etc/nginx/conf.d/new.conf',
    'etc/nginx/sites-available/b',
    'etc/nginx/sites-available/new',
  ]) {
    const { out } = await runIn(directory, ['-f', 'concise', '-', '--stdin-filename', name], {
      input: OLD_TLS,
    })
    const found = out.split('\n').filter(line => line.includes('tls/weak-protocol'))
    assert.is(found.length, 1, `${name}\n${out}`)
    assert.ok(found[0]?.startsWith(`${name}:5:17: `), out)
  }
  const settings = await runIn(directory, ['-', '--stdin-filename', 'etc/settings.py'], {
    input: 'DEBUG = True\n',
  })
  assert.equal([settings.code, settings.errors], [0, []])
})

test('resolve prints what the servers read; explain and rules print the rules', async () => {
  const directory = scratchTree({
    'etc/nginx/nginx.conf': 'events {}\nhttp {\n  include conf.d/*.conf;\n}\n',
    'etc/nginx/conf.d/a.conf': 'server {\n  listen 8080;\n}\n',
  })
  const resolved = await runIn(directory, ['resolve', '.'])
  assert.is(resolved.code, 0)
  assert.match(resolved.out, /listen 8080;/)
  const explained = await runIn(directory, ['explain', 'tls/weak-protocol'])
  assert.match(explained.out, /^tls\/weak-protocol: [\s\S]*Why\n[\s\S]*What to do\n[\s\S]*References\n/)
  const listed = await runIn(directory, ['rules', '-f', 'json'])
  assert.ok(JSON.parse(listed.out).some(({ id }: { id: string }) => id === 'tls/weak-protocol'))
  assert.match((await runIn(directory, ['rules'])).out, /^tls\/weak-protocol +warning +/m)
})

test('rules lists the groups that are named, and what may be as bad as was asked for', async () => {
  const directory = scratchTree({})
  const ids = async (...words: readonly string[]): Promise<readonly string[]> => {
    const { out } = await runIn(directory, ['rules', '-f', 'json', ...words])
    return JSON.parse(out).map(({ id }: { id: string }) => id)
  }
  const wanted = (test: (rule: Rule) => boolean): readonly string[] => rules.filter(test).map(({ id }) => id)
  assert.equal(
    await ids(),
    wanted(() => true),
  )
  assert.equal(
    await ids('tls', 'suppression/unused'),
    wanted(({ id }) => /^tls\/|^suppression\/unused$/.test(id)),
  )
  const errors = await ids('sizing', '--min-severity', 'error')
  assert.equal(
    errors,
    wanted(
      ({ id, severity, otherSeverities }) =>
        id.startsWith('sizing/') && (severity === 'error' || otherSeverities?.error !== undefined),
    ),
  )
  assert.match(
    (await runIn(directory, ['rules', 'tsl'])).errors.join(),
    /unknown rule or group "tsl": did you mean "tls"\?$/,
  )
})

test('init writes once', async () => {
  const directory = scratchTree({ 'nginx.conf': QUIET_SITE })
  const there = process.cwd()
  assert.is((await runIn(directory, ['init'])).code, 0)
  assert.ok(existsSync(join(directory, '.auditrc')))
  assert.is((await runIn(directory, ['init'])).code, 2)
  assert.is((await runIn(directory, ['.'])).code, 0)
  assert.is(process.cwd(), there)
})

test.run()
