import { phpSize } from '../../parsers/php/values.ts'
import { readPhpIniLines } from '../../parsers/php/ini-settings.ts'
import { placeOf } from '../../parsers/text/written-text.ts'
import type { Deployment, PhpFpmProgram } from '../../src/deployment/model.ts'
import type { RuleFinding } from '../../src/engine/rule.ts'
import type { Fact } from '../../src/servers/fact.ts'
import { sourceAt } from '../../src/files/file-system.ts'

/** What PHP takes by itself. */
const STOCK: ReadonlyMap<string, number> = new Map([
  ['upload_max_filesize', 2 * 1024 ** 2],
  ['post_max_size', 8 * 1024 ** 2],
])

/** Limits of uploads in the `php.ini` of the command line, which gets none, while FPM of the same release keeps less. */
export function* inCommandLineIni(deployment: Deployment): Iterable<RuleFinding> {
  const pools = new Map<string, PhpFpmProgram[]>()
  for (const program of deployment.programs) {
    if (program.kind !== 'php-fpm') continue
    const home = /^(\/etc\/php\/[\d.]+)\/fpm\//.exec(program.pool.headers[0]?.source.path ?? '')?.[1]
    if (home === undefined) continue
    const known = pools.get(home) ?? []
    known.push(program)
    pools.set(home, known)
  }
  for (const [home, programs] of pools) {
    const [first] = programs
    const source = first === undefined ? null : sourceAt(first.machine.files, `${home}/cli/php.ini`)
    if (first === undefined || source === null) continue
    // Without its file nobody knows what FPM takes.
    if (first.machine.files.kind(`${home}/fpm/php.ini`) !== 'file') continue
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
        message: `the command line gets no uploads, and FPM does not read this file: there \`${line.name}\` is ${fact?.known === true ? `\`${fact.value}\`` : `\`${stock / 1024 ** 2}M\``}`,
        label: 'of the command line alone',
        related: fact?.at == null ? [] : [{ at: fact.at, message: 'what FPM takes' }],
        help: `Write it into \`${home}/fpm/php.ini\`, and reload FPM`,
      }
    }
  }
}

/** True where FPM surely takes no more; zero is no limit of a body. */
function isAtMost(fact: Fact<string>, stock: number): boolean {
  const [, number, unit = ''] = (fact.known ? /^\s*(\d{1,12})\s*([km]?)\s*$/i.exec(fact.value) : null) ?? []
  const bytes = Number(number) * 1024 ** ['', 'k', 'm'].indexOf(unit.toLowerCase())
  return bytes > 0 && bytes <= stock
}
