import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { matchesAprName, matchesAprPath, matchesAprText } from '../../../parsers/wildcard/apr-fnmatch.ts'
import { matchesName } from '../../../parsers/wildcard/libc-fnmatch.ts'
import { matchesShellPattern, trimPrefix, trimSuffix } from '../../../parsers/wildcard/shell-pattern.ts'
import { hasWildcard } from '../../../parsers/wildcard/tokens.ts'
import { diskFileSystem } from '../../../src/files/disk-file-system.ts'
import { expandGlob } from '../../../src/servers/nginx/glob.ts'
import { choices } from '../../live/apache-random.ts'

const SEED = 20_261_126

const PATTERN_PIECES = [
  ...['a', 'b', 'c', 'A', '1', '*', '*', '?', '[', '[a', ']', '-', '.', '/', '!', '^', '\\'],
  ...['[!a]', '[a-c]', '[^b', '[]', '[\\]]', '[a-\\]]', '[--0]', '[:alpha:]', '[[:digit:]]', '[[:nope:]]'],
  ...['[[=a=]x]', '[[.-.]b]', '\xe9', '\\*', '\\\\'],
]
const TEXT_PIECES = ['a', 'b', 'c', 'A', '1', '-', ']', '[', '.', '/', '\\', '!', '^', '*', '?', ':', '\xe9']

function joined(pieces: readonly string[], most: number, random: ReturnType<typeof choices>): string {
  return Array.from({ length: random.below(most + 1) }, () => random.pick(pieces)).join('')
}

function pairs(count: number, patterns: readonly string[], texts: readonly string[]): [string, string][] {
  const random = choices(SEED)
  return Array.from({ length: count }, () => [joined(patterns, 6, random), joined(texts, 6, random)])
}

function python(script: string, input: unknown): unknown {
  const run = spawnSync('/usr/bin/python3', ['-c', script], {
    input: JSON.stringify(input),
    encoding: 'utf8',
    maxBuffer: 1 << 30,
  })
  assert.is(run.status, 0, run.stderr)
  return JSON.parse(run.stdout)
}

const ASK_BOTH = `
import ctypes, json, sys
libc, apr = ctypes.CDLL('libc.so.6'), ctypes.CDLL('libapr-1.so.0')
libc.setlocale(6, b'C')
PERIOD_OF_LIBC, PATHNAME, PERIOD = 4, 2, 4
def ask(pattern, text):
    pattern, text = pattern.encode('latin1'), text.encode('latin1')
    return [libc.fnmatch(pattern, text, PERIOD_OF_LIBC) == 0, apr.apr_fnmatch(pattern, text, PATHNAME) == 0,
            apr.apr_fnmatch(pattern, text, PERIOD) == 0, apr.apr_fnmatch_test(pattern) != 0, apr.apr_fnmatch(pattern, text, 0) == 0]
json.dump([ask(*pair) for pair in json.load(sys.stdin)], sys.stdout)
`

test('fnmatch of the C library and of APR', () => {
  const asked = pairs(20_000, PATTERN_PIECES, TEXT_PIECES)
  const answers = python(ASK_BOTH, asked) as [boolean, boolean, boolean, boolean, boolean][]
  let matched = 0
  for (const [index, [pattern, text]] of asked.entries()) {
    const [libc, path, name, isPattern, plain] = answers[index]!
    const told = JSON.stringify([pattern, text])
    if (path) matched++
    assert.is(matchesAprPath(pattern, text), path, `apr_fnmatch, PATHNAME: ${told}`)
    assert.is(matchesAprText(pattern, text), plain, `apr_fnmatch: ${told}`)
    assert.is(hasWildcard(pattern), isPattern, `apr_fnmatch_test: ${told}`)
    if (pattern.includes('/') || text.includes('/')) continue
    assert.is(matchesAprName(pattern, text), name, `apr_fnmatch, PERIOD: ${told}`)
    // Between classes that are no classes and equivalences that end a range the library has its own ideas.
    if (!/-\[=/.test(pattern)) assert.is(matchesName(pattern, text), libc, `fnmatch: ${told}`)
  }
  assert.ok(matched > 500, `only ${matched} match`)
})

const ASK_GLOB = `
import ctypes, json, sys
class Glob(ctypes.Structure):
    _fields_ = [('count', ctypes.c_size_t), ('paths', ctypes.POINTER(ctypes.c_char_p)), ('rest', ctypes.c_char * 256)]
libc = ctypes.CDLL('libc.so.6')
libc.setlocale(6, b'C')
def ask(pattern):
    result = Glob()
    libc.glob(pattern.encode(), 0, None, ctypes.byref(result))
    return [result.paths[index].decode() for index in range(result.count)]
json.dump([ask(pattern) for pattern in json.load(sys.stdin)], sys.stdout)
`

test('glob of the C library, which nginx includes by', () => {
  const directory = mkdtempSync(join(tmpdir(), 'wildcard-'))
  try {
    const names = [
      'a',
      'b.conf',
      'B.conf',
      '.hidden',
      'a b',
      '[x]',
      '*',
      'é.conf',
      '10',
      '9',
      '_',
      'a-b',
      '\\x',
    ]
    for (const name of names) {
      writeFileSync(join(directory, name), '')
      mkdirSync(join(directory, 'sub', `${name}.d`), { recursive: true })
      writeFileSync(join(directory, 'sub', `${name}.d`, name), '')
    }
    const random = choices(SEED)
    const pieces = [
      'a',
      'b',
      '*',
      '*',
      '?',
      '.conf',
      '[ab]',
      '[!a]*',
      '.',
      '\\*',
      '[',
      '[x]',
      '\\[x]',
      '9',
      '_',
    ]
    const patterns = Array.from({ length: 3000 }, () => {
      const name = joined(pieces, 4, random) || '*'
      return random.chance(0.3)
        ? `${directory}/sub/${joined(pieces, 3, random)}*/${name}`
        : `${directory}/${name}`
    })
    const answers = python(ASK_GLOB, patterns) as string[][]
    const files = diskFileSystem([{ at: directory, disk: directory }])
    for (const [index, pattern] of patterns.entries()) {
      assert.equal(expandGlob(files, pattern), answers[index], pattern.slice(directory.length))
    }
  } finally {
    rmSync(directory, { recursive: true })
  }
})

test('case and trimming of dash and bash', () => {
  const written = PATTERN_PIECES.filter(piece => !/[\\\xe9]/.test(piece)).concat(
    '\\\\',
    '\\*',
    '\\a',
    '[\\]]',
  )
  const texts = TEXT_PIECES.filter(piece => piece !== '\xe9')
  const asked = pairs(4000, written, texts).filter(([pattern]) => pattern !== '' && !/[\\]$/.test(pattern))
  const script = asked.map(([pattern, text]) => {
    const value = text.replaceAll('\\', '\\\\')
    const cuts = /[\\]/.test(pattern)
      ? ''
      : ['#', '##', '%', '%%'].map(cut => `:\${x${cut}${pattern}}`).join('')
    return `x='${text}'\ncase "$x" in ${pattern}) printf 1;; *) printf 0;; esac\nprintf '%s\\n' "${cuts}" # ${value.length}`
  })
  for (const shell of ['dash', 'bash']) {
    const run = spawnSync(shell, ['-s'], {
      input: script.join('\n'),
      encoding: 'utf8',
      env: { ...process.env, LC_ALL: 'C' },
    })
    assert.is(run.stderr, '')
    const lines = run.stdout.trimEnd().split('\n')
    assert.is(lines.length, asked.length)
    let known = 0
    for (const [index, [pattern, text]] of asked.entries()) {
      const [matches = '', ...cut] = splitCuts(lines[index] ?? '')
      const ours = matchesShellPattern(pattern, text)
      if (ours === undefined) continue
      known++
      const told = `${shell}: ${JSON.stringify([pattern, text])}`
      assert.is(ours, matches === '1', told)
      if (cut.length === 0) continue
      const trims = [
        trimPrefix(pattern, text, false),
        trimPrefix(pattern, text, true),
        trimSuffix(pattern, text, false),
        trimSuffix(pattern, text, true),
      ]
      assert.equal(trims.join(':'), cut.join(':'), told)
    }
    assert.ok(known > 1000, `only ${known} are known`)
  }
})

function splitCuts(line: string): readonly string[] {
  const first = line.slice(0, 1)
  return line.length > 1 ? [first, ...line.slice(2).split(':')] : [first]
}

test.run()
