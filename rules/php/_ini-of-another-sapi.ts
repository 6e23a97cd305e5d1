import { phpSize } from '../../parsers/php/values.ts'
import { readPhpIniLines } from '../../parsers/php/ini-settings.ts'
import { placeOf } from '../../parsers/text/written-text.ts'
import type { Deployment, Machine, PhpFpmProgram } from '../../src/deployment/model.ts'
import type { RuleFinding } from '../../src/engine/rule.ts'
import { loadsPhp } from '../../src/servers/apache/configuration.ts'
import type { Fact } from '../../src/servers/fact.ts'
import { sourceAt } from '../../src/files/file-system.ts'

/** What PHP takes by itself. */
const STOCK: ReadonlyMap<string, number> = new Map([
  ['upload_max_filesize', 2 * 1024 ** 2],
  ['post_max_size', 8 * 1024 ** 2],
])

/** Where Debian has the `php.ini` of another SAPI, and what becomes of uploads there. */
const OTHERS = [
  { directory: 'cli', said: 'the command line gets no uploads', label: 'of the command line alone' },
  { directory: 'apache2', said: 'Apache loads no module of PHP', label: 'of Apache’s module alone' },
] as const

/** Limits of uploads in the `php.ini` of a SAPI that gets none, while FPM of the same release keeps less. */
export function* inIniOfAnotherSapi(deployment: Deployment): Iterable<RuleFinding> {
  const pools = new Map<string, PhpFpmProgram[]>()
  for (const program of deployment.programs) {
    if (program.kind !== 'php-fpm') continue
    const home = /^(\/etc\/php\/[\d.]+)\/fpm\//.exec(program.pool.headers[0]?.source.path ?? '')?.[1]
    if (home === undefined) continue
    const known = pools.get(home) ?? []
    known.push(program)
    pools.set(home, known)
  }
  for (const [home, programs] of pools)
    for (const other of OTHERS) yield* inIniOf(deployment, home, programs, other)
}

function* inIniOf(
  deployment: Deployment,
  home: string,
  programs: readonly PhpFpmProgram[],
  { directory, said, label }: (typeof OTHERS)[number],
): Iterable<RuleFinding> {
  const machine = programs[0]?.machine
  const source = machine === undefined ? null : sourceAt(machine.files, `${home}/${directory}/php.ini`)
  if (machine === undefined || source === null) return
  if (directory === 'apache2' && mayLoadPhp(deployment, machine)) return
  // Without its file nobody knows what FPM takes.
  if (machine.files.kind(`${home}/fpm/php.ini`) !== 'file') return
  for (const line of readPhpIniLines(source)) {
    if (line.kind !== 'setting' || line.index !== null) continue
    const stock = STOCK.get(line.name)
    const size = stock === undefined ? null : phpSize(line.value)
    if (stock === undefined || size?.known !== true || size.value <= stock) continue
    const facts = programs.map(program => program.phpSetting(line.name))
    if (!facts.every(fact => fact === null || isAtMost(fact, stock))) continue
    const [fact] = facts
    yield {
      at: placeOf(line.value),
      message: `${said}, and FPM does not read this file: there \`${line.name}\` is ${fact?.known === true ? `\`${fact.value}\`` : `\`${stock / 1024 ** 2}M\``}`,
      label,
      related: fact?.at == null ? [] : [{ at: fact.at, message: 'what FPM takes' }],
      help: `Write it into \`${home}/fpm/php.ini\`, and reload FPM`,
    }
  }
}

function mayLoadPhp({ apache, programOf }: Deployment, machine: Machine): boolean {
  return apache.some(
    configuration =>
      programOf(configuration).machine === machine &&
      (!configuration.modulesComplete || loadsPhp(configuration)),
  )
}

/** True where FPM surely takes no more; zero is no limit of a body. */
function isAtMost(fact: Fact<string>, stock: number): boolean {
  const [, number, unit = ''] = (fact.known ? /^\s*(\d{1,12})\s*([km]?)\s*$/i.exec(fact.value) : null) ?? []
  const bytes = Number(number) * 1024 ** ['', 'k', 'm'].indexOf(unit.toLowerCase())
  return bytes > 0 && bytes <= stock
}
