import { spawn } from 'node:child_process'
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { positionAt } from '../../../parsers/text/source.ts'
import { diskFileSystem } from '../../../src/files/disk-file-system.ts'
import { evaluateApache } from '../../../src/servers/apache/evaluate.ts'
import { resolveApache } from '../../../src/servers/apache/resolve.ts'
import { known } from '../../../src/servers/fact.ts'
import { type Base, debianBase, ownBases } from './bases.ts'
import { mutate, randomFrom } from './mutate.ts'
import { plant } from './plant.ts'
import { APACHE } from './real-apache.ts'

/** What a server said: `line` names the file and the line of the first fault, where it has one. */
interface Verdict {
  readonly accepts: boolean
  readonly line: string | null
  readonly message: string
  /** The tree as DUMP_CONFIG prints it; null where the configuration is refused. */
  readonly tree: string | null
}

interface Disagreement {
  readonly base: string
  readonly kind: 'accepts what httpd refuses' | 'refuses what httpd accepts' | 'another line' | 'another tree'
  readonly httpd: Verdict
  readonly ours: Verdict
  /** The changed texts, by path. */
  readonly files: Readonly<Record<string, string>>
}

interface DifferentialResult {
  readonly total: number
  /** How many httpd refused: a run in which it took everything would show nothing. */
  readonly refused: number
  /** Left out: what httpd said hangs on the machine. */
  readonly environment: number
  readonly disagreements: readonly Disagreement[]
}

/** Names to resolve, users to look up, ports, permissions, and what OpenSSL was built with. */
const ENVIRONMENT =
  /AH00543|AH00544|AH00077|AH00526[\s\S]*(?:Listen setup failed|Name or service not known)|Permission denied|SSLv3 not supported|WSGI process blocked from running as root|Cannot chroot|suEXEC is disabled|compression methods/

/**
 * Compares the verdict, the line of the first fault, and the tree of `count` mutants of real
 * configurations with those of `apache2 -t`.
 */
export async function runDifferential(count: number, seed: number, workers = 2): Promise<DifferentialResult> {
  const random = randomFrom(seed)
  const bases = [...ownBases()]
  const debian = debianBase()
  if (debian !== null) bases.push(debian, debian)
  const mutants = Array.from({ length: count }, () => makeMutant(bases, random))
  const disagreements: Disagreement[] = []
  let environment = 0
  let refused = 0
  let next = 0
  const work = async (): Promise<void> => {
    const root = mkdtempSync(join(tmpdir(), 'deploy-audit-mutant-'))
    chmodSync(root, 0o755)
    try {
      for (let index = next++; index < count; index = next++) {
        const mutant = mutants[index] as Base
        const directory = join(root, String(index))
        writeBase(mutant, directory)
        const httpd = await askHttpd(mutant, directory)
        const ours = judge(mutant, directory)
        rmSync(directory, { recursive: true, force: true })
        if (!httpd.accepts) refused++
        if (ENVIRONMENT.test(httpd.message)) environment++
        else {
          const kind = compare(httpd, ours)
          if (kind !== null)
            disagreements.push({ base: mutant.name, kind, httpd, ours, files: changed(mutant, bases) })
        }
      }
    } finally {
      rmSync(root, { recursive: true, force: true })
    }
  }
  await Promise.all(Array.from({ length: workers }, work))
  return { total: count - environment, refused, environment, disagreements }
}

function makeMutant(bases: readonly Base[], random: () => number): Base {
  const pick = <T>(list: readonly T[]): T => list[Math.floor(random() * list.length)] as T
  const base = pick(bases)
  const files = { ...base.files }
  if (random() < 0.3 && files['modules.inc'] !== undefined) {
    const planted = plant(files[base.main] ?? '', files['modules.inc'], random)
    files[base.main] = planted.text
    files['modules.inc'] = planted.modules
    return { ...base, files }
  }
  const times = 1 + Math.floor(random() * random() * 3)
  for (let time = 0; time < times; time++) {
    const path = pick(base.changeable)
    const foreign = pick(bases)
    files[path] = mutate(files[path] ?? '', foreign.files[foreign.main] ?? '', random)
  }
  return { ...base, files }
}

/** The texts that differ from those of the base. */
function changed(mutant: Base, bases: readonly Base[]): Record<string, string> {
  const original = bases.find(base => base.name === mutant.name)
  return Object.fromEntries(
    Object.entries(mutant.files).filter(([path, text]) => original?.files[path] !== text),
  )
}

function writeBase(base: Base, directory: string): void {
  for (const [path, text] of Object.entries(base.files)) {
    const target = join(directory, path)
    mkdirSync(dirname(target), { recursive: true, mode: 0o755 })
    writeFileSync(target, text.replaceAll('$ROOT', directory), { mode: 0o644 })
  }
  // The server writes nothing under `-t`, but asks whether it could.
  chmodSync(directory, 0o777)
}

function environmentOf(base: Base, directory: string): Record<string, string> {
  return Object.fromEntries(
    Object.entries(base.env).map(([name, value]) => [name, value.replaceAll('$ROOT', directory)]),
  )
}

async function askHttpd(base: Base, directory: string): Promise<Verdict> {
  const unprivileged = ['--reuid=65534', '--regid=65534', '--clear-groups', APACHE]
  const command = process.getuid?.() === 0 ? ['setpriv', ...unprivileged] : [APACHE]
  const args = ['-t', '-D', 'DUMP_CONFIG', '-d', directory, '-f', join(directory, base.main)]
  const child = spawn(command[0] ?? APACHE, [...command.slice(1), ...args], {
    env: environmentOf(base, directory),
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: 20_000,
  })
  let stdout = ''
  let stderr = ''
  child.stdout.setEncoding('utf8').on('data', text => {
    stdout += text
  })
  child.stderr.setEncoding('utf8').on('data', text => {
    stderr += text
  })
  const code = await new Promise<number | null>((resolve, reject) => {
    child.on('error', reject)
    child.on('close', resolve)
  })
  const message = stderr.replaceAll(directory, '$ROOT')
  const accepts = code === 0
  return { accepts, line: accepts ? null : blamedLine(message), message, tree: accepts ? stdout : null }
}

/** The innermost file and line that httpd blames; null where it blames none. */
function blamedLine(stderr: string): string | null {
  const all = [
    ...stderr.matchAll(/Syntax error on line (\d+) of (macro .*?"\)? used on line \d+ of "[^"]*"|[^\s:]+)/g),
  ]
  const last = all.at(-1)
  if (last === undefined) return null
  // Lines of a macro are counted within its body; only that there is a fault is compared.
  return last[2]?.startsWith('macro') ? null : `${last[2]}:${last[1]}`
}

function judge(base: Base, directory: string): Verdict {
  const files = diskFileSystem('/')
  const read = files.read(join(directory, base.main))
  if (read.kind !== 'source') throw new Error(`no main file: ${read.reason}`)
  const variables = Object.entries(environmentOf(base, directory))
  const configuration = evaluateApache({
    files,
    main: read.source,
    fragments: [],
    environment: {
      variables: new Map(variables.map(([name, value]) => [name, known(value)])),
      complete: true,
      defines: new Map(),
    },
    version: { value: '2.4.71', from: 'option', at: null },
    serverRoot: directory,
    defines: ['DUMP_CONFIG'],
  })
  const fatal = configuration.problems.find(problem => problem.fatal)
  if (fatal === undefined)
    return { accepts: true, line: null, message: '', tree: resolveApache(configuration) }
  const { source, start } = fatal.at
  const line = `${source.path.replace(directory, '$ROOT')}:${positionAt(source, start).line}`
  return { accepts: false, line, message: `${fatal.code}: ${fatal.message}`, tree: null }
}

function compare(httpd: Verdict, ours: Verdict): Disagreement['kind'] | null {
  if (httpd.accepts !== ours.accepts) {
    return httpd.accepts ? 'refuses what httpd accepts' : 'accepts what httpd refuses'
  }
  if (httpd.line !== null && httpd.line !== ours.line) return 'another line'
  return httpd.tree === ours.tree ? null : 'another tree'
}

function print(result: DifferentialResult): void {
  for (const { base, kind, httpd, ours, files } of result.disagreements) {
    process.stdout.write(`\n=== ${base}: ${kind}\n`)
    process.stdout.write(
      `httpd: ${httpd.line ?? ''} ${httpd.message.trim().slice(0, 300)}\nours:  ${ours.line ?? ''} ${ours.message}\n`,
    )
    if (kind === 'another tree') process.stdout.write(treeDifference(httpd.tree ?? '', ours.tree ?? ''))
    for (const [path, text] of Object.entries(files)) {
      const line = Number(/:(\d+)$/.exec(httpd.line ?? ours.line ?? '')?.[1] ?? 0)
      const shown = (httpd.line ?? ours.line ?? '').includes(path)
      const lines = text.split('\n')
      process.stdout.write(
        shown
          ? `--- ${path} ${line}\n${lines.slice(Math.max(0, line - 3), line + 1).join('\n')}\n`
          : `--- ${path}\n`,
      )
    }
  }
  const agreed = result.total - result.disagreements.length
  const share = ((100 * agreed) / result.total).toFixed(2)
  process.stdout.write(
    `\n${agreed} of ${result.total} agree (${share} %), ${result.refused} refused by httpd, ${result.environment} left out\n`,
  )
}

/** The first line in which two trees differ. */
function treeDifference(httpd: string, ours: string): string {
  const left = httpd.split('\n')
  const right = ours.split('\n')
  const index = left.findIndex((line, at) => line !== right[at])
  return `tree line ${index + 1}\n  httpd: ${JSON.stringify(left[index])}\n  ours:  ${JSON.stringify(right[index])}\n`
}

/** `differential.ts [--count N] [--seed S]` */
if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  const option = (name: string, fallback: number): number => {
    const index = process.argv.indexOf(name)
    return index === -1 ? fallback : Number(process.argv[index + 1])
  }
  print(await runDifferential(option('--count', 5000), option('--seed', 1)))
}
