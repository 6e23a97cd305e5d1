import { posix } from 'node:path'
import type { ApacheConfiguration, ApacheDirective } from '../src/servers/apache/configuration.ts'
import { effective } from '../src/servers/apache/queries/effective.ts'
import {
  directivesByHost,
  type VirtualHost,
  virtualHostOf,
} from '../src/servers/apache/queries/virtual-hosts.ts'
import { aliasLevels } from '../src/servers/apache/queries/wsgi-groups.ts'
import { type Fact, known, unknown } from '../src/servers/fact.ts'
import type { Application, Deployment } from '../src/deployment/model.ts'
import { argumentPlace } from '../src/deployment/places.ts'

/** Lines that pass the header on under its own or another name, whatever mod_wsgi does. */
const CARRIERS = [
  'rewriterule',
  'setenvif',
  'setenvifnocase',
  'requestheader',
  'cgipassauth',
  'proxyfcgisetenvif',
  'fcgidpassheader',
] as const

/**
 * Whether an application sees the `Authorization` header of its requests. mod_wsgi drops it, as CGI does,
 * unless `WSGIPassAuthorization On` holds or the alias says `pass-authorization=On`.
 */
export function seesAuthorization(deployment: Deployment, application: Application): Fact<boolean> {
  const { configuration, alias, directive } = application
  const option = alias.options.get('pass-authorization')
  if (option !== undefined)
    return option.value.known ? known(isOn(option.value.value), option.at) : unknown('filled in elsewhere')
  if (carriesAuthorization(configuration)) return unknown('another line may hand it on')
  if (alias.script.known) {
    const override = posix.join(posix.dirname(alias.script.value), '.htaccess')
    if (deployment.filesOf(configuration).kind(override) !== null)
      return unknown('its .htaccess may turn it on')
  }
  const host = virtualHostOf(configuration, directive)
  const { directives, open } = effective(
    configuration,
    aliasLevels(configuration, host, alias),
    'WSGIPassAuthorization',
  )
  if (open !== null) return unknown(open)
  const last = directives.at(-1)
  return last === undefined ? known(false) : known(isOn(last.args[0]?.value ?? ''), argumentPlace(last, 0))
}

/** True where some line passes the header on under its own or another name, be it for another site. */
export function carriesAuthorization({ occurrences }: ApacheConfiguration): boolean {
  return CARRIERS.some(name => (occurrences.get(name) ?? []).some(line => mayCarry(name, line)))
}

/** The same of one virtual host, and of the lines outside of all. */
export function hostCarriesAuthorization(
  configuration: ApacheConfiguration,
  host: VirtualHost | null,
): boolean {
  return CARRIERS.some(name => {
    const byHost = directivesByHost(configuration, name)
    const own = host === null ? [] : (byHost.get(host.directive) ?? [])
    return [...(byHost.get(null) ?? []), ...own].some(line => mayCarry(name, line))
  })
}

function mayCarry(name: (typeof CARRIERS)[number], { args }: ApacheDirective): boolean {
  return name === 'cgipassauth' || args.some(({ value }) => /authorization/i.test(value))
}

function isOn(value: string): boolean {
  return value.toLowerCase() === 'on'
}
