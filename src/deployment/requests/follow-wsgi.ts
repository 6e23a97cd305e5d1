import type { ApacheConfiguration } from '../../servers/apache/configuration.ts'
import { effectiveDirective, serverLevels } from '../../servers/apache/queries/effective.ts'
import type { VirtualHost } from '../../servers/apache/queries/virtual-hosts.ts'
import { isDaemonVisible, wsgiDaemonNamed } from '../../servers/apache/queries/wsgi-daemons.ts'
import { effectiveApplicationGroup, effectiveProcessGroup } from '../../servers/apache/queries/wsgi-groups.ts'
import { type WsgiScriptAlias, wsgiScriptAliases } from '../../servers/apache/queries/wsgi-script-aliases.ts'
import type { ApacheEnd } from '../../servers/apache/requests/outcome.ts'
import type { Deployment } from '../model.ts'
import { namePlace } from '../places.ts'
import type { ApacheArrival, Leg, RequestEnd, RequestStep, Steps } from './answer.ts'
import { followDjango } from './follow-django.ts'
import { traceScheme } from './trace-scheme.ts'

interface ScriptRequest {
  readonly deployment: Deployment
  readonly configuration: ApacheConfiguration
  readonly host: VirtualHost | null
  readonly arrival: ApacheArrival
  /** True for a reader, who is told of the application, too. */
  readonly goesOn: boolean
}

type WsgiEnd = Extract<ApacheEnd, { readonly kind: 'wsgi' }>

/** Which processes run a script of mod_wsgi, and the scheme that the application is told. */
export function followWsgi(request: ScriptRequest, end: WsgiEnd, steps: Steps): Leg {
  const { deployment, configuration, host, arrival } = request
  const scheme = traceScheme(deployment, configuration, host?.directive ?? null, arrival, steps)
  const application = (processGroup: string | null): RequestEnd => ({
    kind: 'application',
    script: end.path,
    processGroup,
    scheme,
    exists: end.exists,
    at: end.at,
  })
  const alias = wsgiScriptAliases(configuration, host).find(({ directive }) => directive === end.alias)
  if (alias === undefined) return steps.end(application(null))
  const leg = runScript(request, alias, application, steps)
  if (leg.end.kind === 'application' && request.goesOn) steps.list.push(...inDjango(request, alias, scheme))
  return leg
}

/** What Django makes of it; nothing where no settings are in the audit. */
function inDjango(
  { deployment, configuration, host, arrival }: ScriptRequest,
  { directive }: WsgiScriptAlias,
  scheme: 'http' | 'https' | null,
): readonly RequestStep[] {
  const section = host?.directive ?? null
  const application = deployment.applications.find(
    each => each.directive === directive && (each.host?.directive ?? null) === section,
  )
  const settings = application === undefined ? null : deployment.pythonOf(application)?.settings
  if (settings == null) return []
  const changes = ['remoteipheader', 'remoteipproxyprotocol', 'wsgitrustedproxyheaders']
  const isPlain = !changes.some(name => configuration.occurrences.has(name))
  return followDjango(settings, {
    host: arrival.host,
    headers: arrival.headers,
    scheme,
    client: isPlain ? (arrival.client ?? null) : null,
  })
}

function runScript(
  { configuration, host, arrival }: ScriptRequest,
  alias: WsgiScriptAlias,
  application: (processGroup: string | null) => RequestEnd,
  steps: Steps,
): Leg {
  const uri = arrival.target.split('?', 1)[0]
  const group = effectiveProcessGroup(configuration, host, alias, uri)
  if (!group.known) {
    steps.doubt(group.reason, group.at, 'mod_wsgi')
    return steps.end(application(null))
  }
  if (group.value.kind === 'embedded') {
    const restricted = effectiveDirective(configuration, serverLevels(null), 'WSGIRestrictEmbedded')
    if (restricted?.args[0]?.value.toLowerCase() === 'on') {
      const at = namePlace(restricted)
      steps.add('no process group, and embedded mode is forbidden', at, restricted, 'mod_wsgi')
      const reason = '`WSGIRestrictEmbedded On`'
      return steps.end({ kind: 'status', by: 'mod_wsgi', status: 500, reason, at })
    }
    steps.add('no process group: embedded mode', group.at, null, 'mod_wsgi')
    return steps.end(application(''))
  }
  const { name } = group.value
  const daemon = wsgiDaemonNamed(configuration, name)
  if (daemon === undefined) {
    if (configuration.main === null) {
      steps.doubt(`process group ${name}, declared outside the audit`, group.at, 'mod_wsgi')
      return steps.end(application(name))
    }
    steps.add(`process group ${name}, which no \`WSGIDaemonProcess\` declares`, group.at, null, 'mod_wsgi')
    const reason = 'no such process group'
    return steps.end({ kind: 'status', by: 'mod_wsgi', status: 500, reason, at: group.at })
  }
  if (isDaemonVisible(configuration, daemon, host) === false) {
    const reason = `process group ${name} belongs to a virtual host of another name`
    steps.add(reason, daemon.at, daemon.directive, 'mod_wsgi')
    return steps.end({ kind: 'status', by: 'mod_wsgi', status: 500, reason, at: daemon.at })
  }
  steps.add(`process group ${name}`, daemon.at, daemon.directive, 'mod_wsgi')
  const interpreter = effectiveApplicationGroup(configuration, host, alias, uri)
  if (interpreter.known && interpreter.value.kind === 'main-interpreter')
    steps.add('in the main interpreter', interpreter.at, null, 'mod_wsgi')
  return steps.end(application(name))
}
