import { isModuleLoaded } from '../../src/servers/apache/configuration.ts'
import { effectiveDirective, serverLevels } from '../../src/servers/apache/queries/effective.ts'
import { type Fact, known, unknown } from '../../src/servers/fact.ts'
import type { ApacheHost } from '../../src/deployment/model.ts'
import { argumentPlace } from '../../src/deployment/places.ts'

/** Whether a virtual host speaks TLS to whoever connects; the place is that of the `SSLEngine` in force. */
export function speaksTls({ configuration, virtualHost, addresses }: ApacheHost): Fact<boolean> {
  const engine = effectiveDirective(configuration, serverLevels(virtualHost), 'SSLEngine')
  if (engine === undefined) return unknown('the main file may turn TLS on')
  if (engine !== null) return known(engine.args[0]?.value.toLowerCase() === 'on', argumentPlace(engine, 0))
  if (isModuleLoaded(configuration, 'ssl_module') === false) return known(false)
  // httpd takes port 443, and a Listen that says so, for https and turns TLS on by itself.
  const mayBeHttps =
    addresses.some(({ port }) => port === null || port === 443) ||
    (configuration.occurrences.get('listen') ?? []).some(({ args }) => args.length > 1)
  return mayBeHttps ? unknown('the port may turn TLS on') : known(false)
}
