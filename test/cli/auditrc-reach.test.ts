import { mkdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { scratchTree } from '../files/scratch-tree.ts'
import { runIn } from './harness.ts'

const SECRET = 'outside-of-the-tree'
const SITE = 'server {\n  listen 80;\n}\n'

/** A repository beside a file that it must not reach. */
function repository(auditrc: string, nginx: string): string {
  return scratchTree({
    'outside/shadow': `${SECRET}:x;\n`,
    'outside/other.auditrc': `${SECRET}: 1\n`,
    'repository/.auditrc': auditrc,
    'repository/nginx.conf': nginx,
    'repository/up': '-> ..',
    'repository/conf/site.conf': SITE,
  })
}

const REACHING: readonly (readonly [string, string])[] = [
  ['root: /\n', 'include /etc/shadow;\n'],
  ['root: ..\n', 'include /outside/shadow;\n'],
  ['root: ../../..\n', 'include /outside/shadow;\n'],
  ['root: up\n', 'include /outside/shadow;\n'],
  ['root: conf/../..\n', 'include /outside/shadow;\n'],
  ['root: ../outside\n', 'include /shadow;\n'],
  ['root: ../gone\n', 'include /shadow;\n'],
  ['include: {map: {/x: ../outside}}\n', 'include /x/shadow;\n'],
  ['include: {map: {/x: up/outside}}\n', 'include /x/shadow;\n'],
  ['root: .\ninclude: {map: {/x: /up/outside}}\n', 'include /x/shadow;\n'],
  ['include: {map: {/x: /etc}}\n', 'include /x/shadow;\n'],
]

for (const [auditrc, nginx] of REACHING) {
  test(`a found .auditrc does not reach above its directory: ${auditrc.trim()}`, async () => {
    const directory = repository(auditrc, nginx)
    for (const words of [
      ['-f', 'json', 'repository'],
      ['resolve', 'repository'],
      ['map', 'repository'],
    ]) {
      const { code, out, errors } = await runIn(directory, words)
      assert.is(code, 2, words.join(' '))
      assert.is(out, '')
      assert.is(errors.length, 1)
      assert.match(
        errors[0] ?? '',
        /^deploy-audit: repository\/\.auditrc: `[\w./]+`: .* leads out of the directory of this file/,
      )
    }
  })
}

test('what leads out is not told from what is not there', async () => {
  const errors = async (root: string) =>
    (await runIn(repository(`root: ${root}\n`, SITE), ['repository'])).errors.join().replace(root, '')
  assert.is(await errors('../outside'), await errors('../gone'))
})

test('--config and --root lead where they say', async () => {
  const directory = repository('', 'events {}\nhttp {\n  include /outside/*.conf;\n}\n')
  writeFileSync(join(directory, 'outside/tls.conf'), SITE)
  writeFileSync(join(directory, 'outside/a.auditrc'), 'root: ..\n')
  const named = await runIn(directory, ['resolve', '--config', 'outside/a.auditrc', 'repository'])
  assert.match(named.out, /listen 80;/)
  assert.match((await runIn(directory, ['resolve', '--root', '.', 'repository'])).out, /listen 80;/)
})

test('a .auditrc that is a link out of its directory is not read', async () => {
  const directory = repository('', SITE)
  mkdirSync(join(directory, 'linked'))
  writeFileSync(join(directory, 'linked/nginx.conf'), SITE)
  for (const target of [
    '../outside/other.auditrc',
    '/proc/self/pagemap',
    '/proc/kmsg',
    '/dev/zero',
    '/gone',
  ]) {
    const path = join(directory, 'linked/.auditrc')
    symlinkSync(target, path)
    const { code, errors, out } = await runIn(directory, ['linked'])
    assert.is(code, 2, target)
    assert.not.match(out + errors.join(), new RegExp(SECRET))
    assert.match(
      errors.join(),
      /^deploy-audit: linked\/\.auditrc: (?:a link that leads out|cannot be read: no such file)/,
    )
    rmSync(path)
  }
  symlinkSync('nginx.conf', join(directory, 'linked/.auditrc'))
  assert.match((await runIn(directory, ['linked'])).errors.join(), /^deploy-audit: linked\/\.auditrc:1:1: /)
})

test('`ignore` of a found .auditrc leaves out nothing above its directory', async () => {
  const directory = scratchTree({
    'a/.auditrc': 'ignore: ["../**", "**/../../b/**"]\n',
    'a/nginx.conf': SITE,
    'b/nginx.conf': 'server {\n  listen 80\n}\n',
  })
  assert.match((await runIn(directory, ['-f', 'concise', 'a', 'b'])).out, /^b\/nginx\.conf:3:1: error/)
})

test('targets that are not there are mistakes', async () => {
  const cases: readonly (readonly [string, RegExp])[] = [
    ['root: gone\n', /`root`: gone: no such file or directory$/],
    ['root: nginx.conf\n', /`root`: nginx\.conf is no directory$/],
    ['include: {map: {/x: gone}}\n', /`include\.map\.\/x`: gone: no such file or directory$/],
    [
      'root: conf\ninclude: {map: {/x: nginx.conf}}\n',
      /`include\.map\.\/x`: nginx\.conf is outside the root/,
    ],
    [
      'include: {map: {x: conf}}\n',
      /\.auditrc:1:17: expected a path such as \/etc\/nginx\/snippets, not "x"$/,
    ],
  ]
  for (const [auditrc, message] of cases) {
    const { code, errors } = await runIn(repository(auditrc, SITE), ['repository'])
    assert.is(code, 2, auditrc)
    assert.match(errors.join('\n'), message)
  }
})

test('a .auditrc is read within a size, and in linear time', async () => {
  const directory = repository('', SITE)
  const path = join(directory, 'repository/.auditrc')
  writeFileSync(path, '#'.repeat(250_001))
  assert.match((await runIn(directory, ['repository'])).errors.join(), /\.auditrc: larger than 250 kB$/)
  const texts = (size: number): readonly string[] => [
    `rules:\n${Array.from({ length: size / 10 }, (_, index) => ` k${index}: off\n`).join('')}`,
    Array.from({ length: size / 10 }, (_, index) => `k${index}: x\n`).join(''),
    `ignore: ${'['.repeat(size)}`,
    '? '.repeat(size / 2),
    '- '.repeat(size / 2),
  ]
  for (const index of texts(10).keys()) {
    const time = async (size: number): Promise<number> => {
      writeFileSync(path, texts(size)[index] ?? '')
      const started = performance.now()
      assert.is((await runIn(directory, ['repository'])).code, 2)
      return performance.now() - started
    }
    await time(10_000)
    const [small, large] = [await time(60_000), await time(240_000)]
    // Four times the size, measured on machines that do other things too.
    assert.ok(large < 8 * small + 1000, `${index}: ${small} ms, then ${large} ms`)
  }
})

test('names of JavaScript’s own are words like all others', async () => {
  for (const key of ['constructor', '__proto__', 'toString', 'hasOwnProperty']) {
    for (const auditrc of [`${key}: x\n`, `facts: {${key}: x}\n`, `rules: {${key}: off}\n`]) {
      const { code, errors } = await runIn(repository(auditrc, SITE), ['repository'])
      assert.is(code, 2, auditrc)
      assert.match(errors.join(), new RegExp(`unknown (?:key|rule or group) "${key}"`))
    }
  }
})

test.run()
