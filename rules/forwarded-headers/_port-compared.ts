import { groupBy } from '../../parsers/collections/group-by.ts'
import { memo } from '../../parsers/collections/memo.ts'
import type { Place } from '../../parsers/text/source.ts'
import { isDjangoAtLeast } from '../../src/deployment/django/django-version.ts'
import type { Deployment, NginxConnection, SentHeader } from '../../src/deployment/model.ts'
import { readLocation } from '../../src/servers/nginx/queries/locations.ts'
import { isTakenForHttp, schemeSeen, textList, usesMiddleware, written } from '../django/_behind-nginx.ts'
import { mayHaveProxyInFront } from '../containers/_proxy-services.ts'
import { type DjangoConnection, djangoConnections } from '../django/_connections.ts'
import { comparesOrigin } from './_rails.ts'

/** An application that refuses every form whose `Origin` has a port that it is not told. */
export interface PortCompared {
  readonly name: 'Django' | 'Rails'
  readonly says: string
  readonly related: readonly { readonly at: Place; readonly message: string }[]
}

/**
 * What behind a connection compares the `Origin` of a form with a Host that has lost its port; null where nothing is seen
 * to, where it trusts the origin by itself, and where it may be a proxy in front of nginx by which clients come.
 */
export function portComparedBehind(
  deployment: Deployment,
  connection: NginxConnection,
  lost: SentHeader,
): PortCompared | null {
  if (connection.headers.open || !takesForms(connection) || mayHaveProxyInFront(connection.from.machine))
    return null
  const django = djangoByConnection(deployment).get(connection) ?? []
  if (django.length > 0)
    return django.every(each => isRefused(deployment, each, lost)) ? ofDjango(django) : null
  // Rails takes the scheme from any header that a proxy in front of nginx may send.
  const scheme = written(connection, 'x-forwarded-proto')?.value
  const isOwn = scheme === '$scheme' || scheme === (connection.server.tls ? 'https' : 'http')
  if (!isOwn || !comparesOrigin(connection)) return null
  return {
    name: 'Rails',
    says: "refuses every form with 422: HTTP Origin header didn't match request.base_url",
    related: [],
  }
}

const djangoByConnection = memo((deployment: Deployment) =>
  groupBy(djangoConnections(deployment), ({ connection }) => connection),
)

function ofDjango(connections: readonly DjangoConnection[]): PortCompared {
  const origins = connections.flatMap(({ settings }) => settings.get('CSRF_TRUSTED_ORIGINS')?.at ?? [])
  return {
    name: 'Django',
    says: 'refuses every form with 403: Origin checking failed',
    related: origins.map(at => ({ at, message: 'no origin with this port' })),
  }
}

/** Pages for people and the admin lie there; what is below `/api/` may be asked without a form. */
function takesForms({ block }: NginxConnection): boolean {
  const { modifier, name } = readLocation(block)
  if (modifier === '=') return false
  return name === '/' || name.startsWith('@') || /admin|accounts|login/.test(name)
}

/** https://docs.djangoproject.com/en/stable/ref/csrf/#how-it-works */
function isRefused(deployment: Deployment, each: DjangoConnection, lost: SentHeader): boolean {
  const { connection, settings, machine } = each
  if (usesMiddleware(settings, 'django.middleware.csrf.CsrfViewMiddleware') !== true) return false
  if (isDjangoAtLeast(4, settings, machine.container?.files ?? machine.files) === false) return false
  const readsForwarded = settings.get('USE_X_FORWARDED_HOST')
  if (readsForwarded !== null && !readsForwarded.known) return false
  const isForwarded = readsForwarded?.value === true && written(connection, 'x-forwarded-host') !== null
  if (lost.name !== (isForwarded ? 'x-forwarded-host' : 'host')) return false
  // Nothing but a trusted origin gets a form past TLS of a proxy that these settings know nothing of.
  const isAsSeen = connection.server.tls ? schemeSeen(each) === 'https' : isTakenForHttp(deployment, each)
  const origins = textList(settings, 'CSRF_TRUSTED_ORIGINS')
  return isAsSeen && origins?.every(isWithoutPort) === true
}

/** An origin of this machine without the port, as people write it who try to cure this; any other may be that of clients. */
function isWithoutPort(origin: string): boolean {
  return /^http:\/\/(?:localhost|127\.0\.0\.1)(?::80)?$/.test(origin)
}
