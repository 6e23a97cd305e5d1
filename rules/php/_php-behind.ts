import type { FpmPool } from '../../parsers/php/fpm.ts'
import { certainHosts } from '../../src/deployment/hosts-of-connection.ts'
import { modPhpSetting } from '../../src/deployment/mod-php.ts'
import type { Deployment, NginxConnection, PhpFpmProgram } from '../../src/deployment/model.ts'
import type { Fact } from '../../src/servers/fact.ts'

/** A PHP that answers requests: a pool of FPM, or the module of an Apache. */
export interface PhpBehind {
  /** Null for the module. */
  readonly pool: FpmPool | null
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
  return certainHosts(deployment, connection).map(host => ({
    pool: null,
    setting: name => modPhpSetting(deployment, host, name),
  }))
}

export function phpOfPool(program: PhpFpmProgram): PhpBehind {
  return { pool: program.pool, setting: name => program.phpSetting(name) }
}
