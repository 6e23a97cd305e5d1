import { memo } from '../../parsers/collections/memo.ts'
import type { FpmPool } from '../../parsers/php/fpm.ts'
import { certainHosts } from '../../src/deployment/hosts-of-connection.ts'
import { modPhpSetting } from '../../src/deployment/mod-php.ts'
import type {
  ApacheHost,
  Deployment,
  Machine,
  NginxConnection,
  PhpFpmProgram,
} from '../../src/deployment/model.ts'
import {
  type ApacheConfiguration,
  type ApacheDirective,
  loadsPhp,
} from '../../src/servers/apache/configuration.ts'
import type { Fact } from '../../src/servers/fact.ts'

/** A PHP that answers requests: a pool of FPM, or the module of an Apache. */
export interface PhpBehind {
  /** Null for the module. */
  readonly pool: FpmPool | null
  /** Where the pool runs; null for the module, which runs where Apache does. */
  readonly machine: Machine | null
  /** A setting by its name; null where nobody wrote it. */
  readonly setting: (name: string) => Fact<string> | null
}

/** Every PHP that a connection certainly leads to. */
export function phpBehind(deployment: Deployment, connection: NginxConnection): readonly PhpBehind[] {
  const pools = connection.targets.flatMap(({ to }) => {
    const program = to.kind === 'listener' ? to.listener.program : null
    return program?.kind === 'php-fpm' ? [phpOfPool(program)] : []
  })
  if (pools.length > 0) return pools
  return certainHosts(deployment, connection).flatMap(host => phpOfHost(deployment, host))
}

/** Every PHP to which a virtual host of Apache gives its scripts. */
export function phpOfHost(deployment: Deployment, host: ApacheHost): readonly PhpBehind[] {
  const { configuration, directive } = host
  if (loadsPhp(configuration))
    return [{ pool: null, machine: null, setting: (name: string) => modPhpSetting(deployment, host, name) }]
  const byHost = poolsOfApache(deployment).get(configuration)
  return (byHost?.get(directive) ?? byHost?.get(null) ?? []).map(phpOfPool)
}

/** The pools to which virtual hosts of Apache give their scripts; those of null are what all others inherit. */
const poolsOfApache = memo(({ connections }: Deployment) => {
  const found = new Map<ApacheConfiguration, Map<ApacheDirective | null, PhpFpmProgram[]>>()
  for (const { from, host, targets } of connections.apache) {
    for (const { to } of targets) {
      const program = to.kind === 'listener' ? to.listener.program : null
      if (program?.kind !== 'php-fpm') continue
      const byHost = found.get(from.configuration) ?? new Map<ApacheDirective | null, PhpFpmProgram[]>()
      const pools = byHost.get(host) ?? []
      if (!pools.includes(program)) pools.push(program)
      byHost.set(host, pools)
      found.set(from.configuration, byHost)
    }
  }
  return found
})

export function phpOfPool(program: PhpFpmProgram): PhpBehind {
  return { pool: program.pool, machine: program.machine, setting: name => program.phpSetting(name) }
}
