import { posix } from 'node:path'
import type { FpmFiles } from '../../parsers/php/fpm.ts'
import { readFpm } from '../../parsers/php/read-fpm.ts'
import { isUnknownWord, type Place, UNKNOWN } from '../../parsers/text/source.ts'
import { fpmSources } from '../../src/deployment/build/programs/php-fpm.ts'
import type { Deployment, Machine } from '../../src/deployment/model.ts'
import { programsOfKind } from '../../src/deployment/programs-of-kind.ts'
import { argumentPlace } from '../../src/deployment/places.ts'
import { inRun } from '../_in-run.ts'

/** Where nginx looks for a pool of PHP-FPM, and where the one that is kept beside it listens. */
export interface MissedPool {
  readonly at: Place
  readonly listen: Place
}

/**
 * The socket of `fastcgi_pass` in a template, where the one pool of the repository is kept in the same directory and
 * listens at another path, whatever is filled in.
 */
export function* missedPools(deployment: Deployment): Iterable<MissedPool> {
  for (const machine of deployment.machines) {
    const pool = onlyPool(machine)
    if (pool === null) continue
    const own = pathAt(pool)
    const directory = posix.dirname(pool.source.path)
    const passes = programsOfKind(deployment, 'nginx')
      .filter(program => program.machine === machine)
      .flatMap(({ configuration }) => configuration.occurrences.get('fastcgi_pass') ?? [])
      .flatMap(line => (isOfFpm(line.args[0]?.value ?? '') ? [argumentPlace(line, 0)] : []))
    const paths = new Set(passes.map(pathAt))
    const [path, ...others] = paths
    if (path === undefined || others.length > 0 || !surelyDiffer(path, own)) continue
    if (!passes.every(({ source }) => posix.dirname(source.path) === directory)) continue
    if (isChanged(deployment)) continue
    for (const at of passes) yield { at, listen: pool }
  }
}

const NO_FILES: FpmFiles = { read: () => null, list: () => null }

/** The socket of the one pool in all files of a machine; null where there are several, or it listens on a port. */
function onlyPool({ files, container }: Machine): Place | null {
  if (container !== null) return null
  const pools = fpmSources(files).flatMap(source => readFpm([source], NO_FILES).pools)
  const [pool, ...others] = pools.flatMap(({ listen }) => (listen === null ? [] : [listen.at]))
  return pool === undefined || others.length > 0 || !pathAt(pool).startsWith('/') ? null : pool
}

/** The path of a socket, below `/run`; a template's placeholders are the words that stand for them. */
function pathAt({ source, start, end }: Place): string {
  return inRun(source.code.slice(start, end).replace(/^unix:|[";]/g, ''))
}

function isOfFpm(target: string): boolean {
  return /^unix:\/.*(?:php|fpm)/i.test(target)
}

/** True where two paths have another beginning, before the first placeholder of either, or another end. */
function surelyDiffer(one: string, other: string): boolean {
  if (!isUnknownWord(one) && !isUnknownWord(other)) return false
  const [first = '', second = ''] = [one, other].map(path => path.split(UNKNOWN, 1)[0])
  const [last = '', end = ''] = [one, other].map(path => /[^\uE000-\uF8FF]*$/.exec(path)?.[0])
  return (
    (!first.startsWith(second) && !second.startsWith(first)) || (!last.endsWith(end) && !end.endsWith(last))
  )
}

/** True where a script may write another path into one of the two. */
function isChanged({ setups }: Deployment): boolean {
  const texts = setups()
  return texts === null || texts.some(({ text }) => /\blisten[ \t]*=|fpm[^\s'"]*\.sock/.test(text))
}
